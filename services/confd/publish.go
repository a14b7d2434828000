package confd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/upscard/upscard/services/config"
)

// Dir is where the parts are, below a run directory.
func Dir(run string) string { return filepath.Join(run, "confd") }

// File is a program's part. It is not there before the first configuration is in force; the program then takes the defaults.
func File(run, program string) string { return filepath.Join(Dir(run), current, program+".toml") }

// current is a symbolic link to the directory of the parts that are in force: all change in one step.
const current = "current"

// publish puts a configuration in force. groups are the ids of those that may read a program's part; without one only our user may.
func publish(run string, c *config.Config, groups map[string]int) error {
	dir := Dir(run)
	before, _ := os.Readlink(filepath.Join(dir, current))
	next, err := os.MkdirTemp(dir, "parts-")
	if err != nil {
		return err
	}
	if err := os.Chmod(next, 0o755); err != nil {
		return err
	}
	for _, p := range parts() {
		if err := writePart(filepath.Join(next, p.program+".toml"), config.Encode(p.of(c)), p.program, groups); err != nil {
			return err
		}
	}
	link := filepath.Join(dir, current)
	_ = os.Remove(link + ".new") // left over by one of us that was killed
	err = os.Symlink(filepath.Base(next), link+".new")
	if err = errors.Join(err, os.Rename(link+".new", link)); err != nil {
		return err
	}
	if strings.HasPrefix(before, "parts-") && filepath.Base(before) == before {
		return os.RemoveAll(filepath.Join(dir, before))
	}
	return nil
}

func writePart(path string, data []byte, program string, groups map[string]int) error {
	gid, shared := groups[program]
	if err := os.WriteFile(path, data, 0o600); err != nil || !shared {
		return err
	}
	if err := os.Chown(path, -1, gid); err != nil {
		return err
	}
	return os.Chmod(path, 0o640)
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
