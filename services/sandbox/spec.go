package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// Spec says what a program may be and have; what it does not say the program has not. Its text form is one line of key=value words in
// the order of the keys table.
type Spec struct {
	UID, GID     uint32
	Groups       []uint32 // supplementary groups; none when empty
	Capabilities []string // ambient ones by name, as in CAP_NET_RAW: "net_raw"
	Limits       []Limit  // in the order of the limits table
	Files        []File   // everything else is out of reach
	Bind         Ports    // TCP ports that may be listened on
	Connect      Ports    // TCP ports that may be connected to
	Sockets      []string // kinds that may be made, by their names in the sockets table
}

// Limit sets a resource's soft and hard limit to Value, in the unit of setrlimit(2).
type Limit struct {
	Resource string // a name of the limits table
	Value    uint64
}

// key is one word of a Spec's text form. format returns no word for what is unset.
type key struct {
	name   string
	format func(*Spec) []string
	parse  func(*Spec, string) error
}

func keys() []key {
	return []key{
		{"uid", func(s *Spec) []string { return []string{number(s.UID)} },
			func(s *Spec, v string) (err error) { s.UID, err = parseID(v); return }},
		{"gid", func(s *Spec) []string { return []string{number(s.GID)} },
			func(s *Spec, v string) (err error) { s.GID, err = parseID(v); return }},
		{"groups", formatGroups, parseGroups},
		{"caps", formatCapabilities, parseCapabilities},
		{"limits", formatLimits, parseLimits},
		{"files", formatFiles, parseFiles},
		{"bind", func(s *Spec) []string { return s.Bind.format() },
			func(s *Spec, v string) (err error) { s.Bind, err = parsePorts(v); return }},
		{"connect", func(s *Spec) []string { return s.Connect.format() },
			func(s *Spec, v string) (err error) { s.Connect, err = parsePorts(v); return }},
		{"sockets", func(s *Spec) []string { return s.Sockets }, parseSockets},
	}
}

// String returns the text that Parse reads.
func (s Spec) String() string {
	var words []string
	for _, k := range keys() {
		if values := k.format(&s); len(values) > 0 {
			words = append(words, k.name+"="+strings.Join(values, ","))
		}
	}
	return strings.Join(words, " ")
}

// Parse reads the text form of a Spec. uid and gid must be there: nothing becomes root by leaving a word out.
func Parse(text string) (Spec, error) {
	var spec Spec
	var seen []string
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		i := slices.IndexFunc(keys(), func(k key) bool { return k.name == name })
		if i < 0 {
			return Spec{}, fmt.Errorf("sandbox: %q: no such key", name)
		}
		if slices.Contains(seen, name) {
			return Spec{}, fmt.Errorf("sandbox: %s: given twice", name)
		}
		seen = append(seen, name)
		if err := keys()[i].parse(&spec, value); err != nil {
			return Spec{}, fmt.Errorf("sandbox: %s: %w", name, err)
		}
	}
	for _, name := range []string{"uid", "gid"} {
		if !slices.Contains(seen, name) {
			return Spec{}, fmt.Errorf("sandbox: %s: missing", name)
		}
	}
	return spec, nil
}
