// Package hidasm assembles HID report descriptors from text that a person can read.
//
// A line holds items, parted by semicolons: a keyword with its value or its words. A "#" begins a comment. "Both" is an Input item that a
// Feature item with the same usages follows. Usages are named as the Power Device Class names them, or written as eight hex digits.
package hidasm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/near"
)

// Assemble returns the descriptor that the text describes. An error names the line.
func Assemble(text string) ([]byte, error) {
	var a assembler
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, ";") {
			words := strings.Fields(part)
			if len(words) == 0 {
				continue
			}
			if err := a.item(words[0], words[1:]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	if a.depth != 0 {
		return nil, fmt.Errorf("line %d: %d collections have no End", n, a.depth)
	}
	return a.out, nil
}

// assembler holds the usages back until the main item that consumes them, because Both needs them twice.
type assembler struct {
	out    []byte
	usages []byte
	depth  int
	page   int64
}

func (a *assembler) item(keyword string, args []string) error {
	if keyword == "Both" {
		usages := a.usages
		if err := a.item("Input", args); err != nil {
			return err
		}
		a.usages = usages
		return a.item("Feature", args)
	}
	tag, ok := items[keyword]
	if !ok {
		return fmt.Errorf("unknown item %q%s", keyword, hint(keyword, items))
	}
	value, err := a.value(keyword, args)
	if err != nil {
		return fmt.Errorf("%s: %w", keyword, err)
	}
	bytes := encode(tag, value, signed[keyword])
	switch keyword {
	case "Usage":
		a.usages = append(a.usages, a.usage(value)...)
		return nil
	case "UsagePage":
		a.page = value
	case "Push", "Pop":
		bytes = []byte{byte(tag)}
	case "End":
		bytes = []byte{byte(tag)}
		if a.depth--; a.depth < 0 {
			return fmt.Errorf("an End has no Collection")
		}
	case "Collection":
		a.depth++
		fallthrough
	case "Input", "Output", "Feature":
		a.out = append(a.out, a.usages...)
		a.usages = nil
	}
	a.out = append(a.out, bytes...)
	return nil
}

// value reads what follows a keyword.
func (a *assembler) value(keyword string, args []string) (int64, error) {
	switch keyword {
	case "Input", "Output", "Feature":
		return mainFlags(args)
	case "End", "Push", "Pop":
		if len(args) != 0 {
			return 0, fmt.Errorf("takes no value")
		}
		return 0, nil
	}
	if len(args) != 1 {
		return 0, fmt.Errorf("takes one value, not %d", len(args))
	}
	if keyword == "Usage" {
		path, err := hid.ParsePath(args[0], nil)
		if err != nil || len(path) != 1 {
			return 0, fmt.Errorf("unknown usage %q", args[0])
		}
		return int64(path[0]), nil
	}
	if v, ok := words[keyword][args[0]]; ok {
		return v, nil
	}
	v, err := strconv.ParseInt(args[0], 0, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is neither a number nor a word for it%s", args[0], hint(args[0], words[keyword]))
	case v < -1<<31 || v > 1<<31-1:
		return 0, fmt.Errorf("%d needs more than 32 bits", v)
	case keyword == "Exponent":
		return v & 0x0f, nil
	}
	return v, nil
}

func mainFlags(args []string) (int64, error) {
	var v int64
	for _, arg := range args {
		f, ok := flags[arg]
		if !ok {
			return 0, fmt.Errorf("unknown word %q%s", arg, hint(arg, flags))
		}
		v |= f
	}
	return v, nil
}

// hint proposes the known word that was meant.
func hint[V any](word string, known map[string]V) string {
	if n := near.Word(word, slices.Sorted(maps.Keys(known))); n != "" {
		return fmt.Sprintf(", did you mean %q", n)
	}
	return ""
}
