package pifirmware

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxLine is the length of the longest line in bytes; the firmware ignores what comes after it.
const maxLine = 98

// situation is what the sections of a file ask about.
type situation struct {
	model   Model
	tryboot bool
}

// setting is a line that holds: key=value, or "initramfs FILE ADDRESS".
type setting struct {
	key, value string
}

// filter is what the sections so far let through. A section of one kind replaces the one of its kind before it; kinds are combined.
type filter struct {
	none, otherModel, otherBoot bool
}

func (f filter) open() bool { return !f.none && !f.otherModel && !f.otherBoot }

// parse returns the settings of config.txt or autoboot.txt that hold in this situation, in order. It is stricter than the firmware, which
// passes over what it does not know: here that is an error with the line's number.
func parse(text []byte, in situation) ([]setting, error) {
	var all []setting
	var f filter
	n := 0
	for line := range bytes.Lines(text) {
		n++
		s := strings.TrimSpace(string(line))
		if s == "" || s[0] == '#' {
			continue
		}
		if len(s) > maxLine {
			return nil, fmt.Errorf("%d: the line has %d bytes, the firmware reads %d", n, len(s), maxLine)
		}
		if s[0] == '[' {
			next, err := f.section(s, in)
			if err != nil {
				return nil, fmt.Errorf("%d: %w", n, err)
			}
			f = next
			continue
		}
		one, err := parseSetting(s)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		if f.open() {
			all = append(all, one)
		}
	}
	return all, nil
}

func (f filter) section(s string, in situation) (filter, error) {
	name := strings.TrimSuffix(s[1:], "]")
	switch {
	case len(name) == len(s)-1:
		return f, fmt.Errorf("section %q does not end in ]", s)
	case name == "all":
		return filter{}, nil
	case name == "none":
		f.none = true
	case name == "tryboot":
		f.otherBoot = !in.tryboot
	case slices.Contains(modelFilters, name):
		f.otherModel = !slices.Contains(in.model.Filters, name)
	default:
		return f, fmt.Errorf("section %q is not known here", s)
	}
	return f, nil
}

func parseSetting(s string) (setting, error) {
	if file, ok := strings.CutPrefix(s, "initramfs "); ok {
		return setting{"initramfs", strings.TrimSpace(file)}, nil
	}
	key, value, ok := strings.Cut(s, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \t") {
		return setting{}, fmt.Errorf("%q is neither KEY=VALUE nor a section", s)
	}
	return setting{key, strings.TrimSpace(value)}, nil
}

// last returns the value that counts where a key is given several times, or other where it is not given.
func last(all []setting, key, other string) string {
	for _, s := range slices.Backward(all) {
		if s.key == key {
			return s.value
		}
	}
	return other
}
