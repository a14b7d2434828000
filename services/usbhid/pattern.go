package usbhid

import (
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/hid"
)

// pattern matches the paths of fields. It is written like a path without its outermost collection; a node that ends
// in "?" may be missing: "PowerConverter?.Input.[1]?.Voltage".
type pattern []patternNode

type patternNode struct {
	usage    hid.Usage
	optional bool
}

// compile reads a pattern. Patterns stand in tables, which a test compiles, so a wrong one is a bug.
func compile(s string, names hid.Names) pattern {
	parts := strings.Split(s, ".")
	p := make(pattern, len(parts))
	for i, part := range parts {
		name, optional := strings.CutSuffix(part, "?")
		path, err := hid.ParsePath(name, names)
		if err != nil {
			panic(fmt.Sprintf("pattern %q: %v", s, err))
		}
		p[i] = patternNode{path[0], optional}
	}
	return p
}

// matches reports whether the pattern covers the whole path below its outermost collection.
func (p pattern) matches(path hid.Path) bool {
	return len(path) > 0 && p.covers(path[1:])
}

func (p pattern) covers(path hid.Path) bool {
	for i, node := range p {
		if node.optional && p[i+1:].covers(path) {
			return true
		}
		if len(path) == 0 || path[0] != node.usage {
			return false
		}
		path = path[1:]
	}
	return len(path) == 0
}
