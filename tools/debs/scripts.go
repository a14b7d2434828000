package debs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Scripts makes in a directory, for each program of an unpacked tree (a path below root), a script of its name, which runs it with the tree's own loader
// and libraries.
func Scripts(root, dir string, programs ...string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	loaders, err := filepath.Glob(filepath.Join(root, "lib/*-linux-gnu*/ld-linux*.so.*"))
	if err != nil {
		return err
	}
	if len(loaders) != 1 {
		return fmt.Errorf("%s has these loaders, want one: %q", root, loaders)
	}
	var libraries []string
	for _, pattern := range []string{"lib/*-linux-gnu*", "usr/lib/*-linux-gnu*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		libraries = append(libraries, found...)
	}
	for _, program := range programs {
		path := filepath.Join(root, program)
		if _, err := os.Stat(path); err != nil {
			return err
		}
		script := fmt.Sprintf("#!/bin/sh\nexec %s --library-path %s %s \"$@\"\n", loaders[0], strings.Join(libraries, ":"), path)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(program)), []byte(script), 0o755); err != nil {
			return err
		}
	}
	return nil
}
