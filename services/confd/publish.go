package confd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/handover"
)

// Dir is where the parts are, below a run directory.
func Dir(run string) string { return filepath.Join(run, "confd") }

// write makes the parts of a configuration, all of them before init is told of its source. groups are the ids of those that may read a
// program's part; without one only our user may.
func write(run string, source handover.Source, c *config.Config, groups map[string]int) error {
	for _, p := range parts() {
		path := filepath.Join(Dir(run), source.File(p.program))
		if err := writePart(path, config.Encode(p.of(c)), p.program, groups); err != nil {
			return err
		}
	}
	return nil
}

// writePart does not write over a part that a program may read just now.
func writePart(path string, data []byte, program string, groups map[string]int) error {
	next := path + ".new"
	_ = os.Remove(next) // left over by one of us that was killed
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	if gid, shared := groups[program]; shared {
		if err := errors.Join(os.Chown(next, -1, gid), os.Chmod(next, 0o640)); err != nil {
			return err
		}
	}
	return os.Rename(next, path)
}

// writeErrors writes what is wrong with the owner's file, for those that show it; nothing is no file.
func writeErrors(run string, wrong []string) error {
	path := filepath.Join(Dir(run), "errors")
	if len(wrong) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	err := os.WriteFile(path+".new", []byte(strings.Join(wrong, "\n")+"\n"), 0o644)
	if err = errors.Join(err, os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("errors: %w", err)
	}
	return nil
}
