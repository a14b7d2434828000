package nutguest

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
)

// libraryDirs are where Debian's arm64 loader looks.
var libraryDirs = []string{"lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib", "usr/lib"}

// closure lists the programs and every library that they need in turn, as paths below root.
func closure(root string, programs []string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	for todo := programs; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		if seen[path] {
			continue
		}
		seen[path] = true
		all = append(all, path)
		file, err := inside(root, path)
		if err != nil {
			return nil, err
		}
		needed, err := libraries(file)
		if err != nil {
			return nil, err
		}
		for _, name := range needed {
			lib, err := find(root, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			todo = append(todo, lib)
		}
	}
	return all, nil
}

// inside is the file that a path means to a program whose root directory is root: links lead to where they would lead there.
func inside(root, path string) (string, error) {
	const longestChain = 8
	for range longestChain {
		full := filepath.Join(root, path)
		target, err := os.Readlink(full)
		if err != nil {
			return full, nil // no link, or not there: whoever opens it will say so
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: more than %d links", path, longestChain)
}

// libraries are those that an ELF file names, its loader included.
func libraries(path string) ([]string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	return f.ImportedLibraries()
}

func find(root, name string) (string, error) {
	for _, dir := range libraryDirs {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(filepath.Join(root, path)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no library %s among the packages", name)
}
