// Package ups holds the state of a UPS as NUT models it: variables, instant commands, freshness.
package ups

import (
	"maps"
	"slices"
	"time"
)

// Flags say what may be done with a variable (NUT net-protocol.txt, GET TYPE).
type Flags uint8

// The flags that NUT's driver socket protocol knows.
const (
	RW Flags = 1 << iota
	String
	Number
)

// Range is an inclusive interval of allowed values, in the variable's unit.
type Range struct{ Min, Max int }

// Var is one variable. Slices are shared between snapshots and never modified.
type Var struct {
	Value  string
	Flags  Flags
	MaxLen int // longest value of a writable string in bytes, 0 if not limited
	Enum   []string
	Ranges []Range
}

// Equal reports whether v and w are the same in value and in description.
func (v Var) Equal(w Var) bool {
	return v.Value == w.Value && v.Flags == w.Flags && v.MaxLen == w.MaxLen &&
		slices.Equal(v.Enum, w.Enum) && slices.Equal(v.Ranges, w.Ranges)
}

// Freshness says how far a snapshot's values can be trusted.
type Freshness uint8

// A snapshot is Absent until a driver has told everything it knows, Stale while the driver
// cannot read its UPS, else Fresh. Only Fresh values may be shown to a client.
const (
	Absent Freshness = iota
	Stale
	Fresh
)

func (f Freshness) String() string {
	return [...]string{"absent", "stale", "fresh"}[f]
}

// Snapshot is everything known of one UPS at one moment. It is immutable.
type Snapshot struct {
	vars      map[string]Var
	names     []string
	commands  []string
	freshness Freshness
	read      time.Time
}

// NewSnapshot takes ownership of vars. Commands are copied, sorted and made unique; read is when the UPS last
// confirmed the values (zero while Absent).
func NewSnapshot(vars map[string]Var, commands []string, f Freshness, read time.Time) *Snapshot {
	cmds := slices.Clone(commands)
	slices.Sort(cmds)
	return &Snapshot{
		vars:      vars,
		names:     slices.Sorted(maps.Keys(vars)),
		commands:  slices.Compact(cmds),
		freshness: f,
		read:      read,
	}
}

// Var returns the named variable.
func (s *Snapshot) Var(name string) (Var, bool) {
	v, ok := s.vars[name]
	return v, ok
}

// Value returns the named variable's value, or "".
func (s *Snapshot) Value(name string) string { return s.vars[name].Value }

// Names lists the variables in order. The caller must not modify it.
func (s *Snapshot) Names() []string { return s.names }

// Commands lists the instant commands in order. The caller must not modify it.
func (s *Snapshot) Commands() []string { return s.commands }

// HasCommand reports whether the UPS offers the instant command.
func (s *Snapshot) HasCommand(name string) bool {
	_, ok := slices.BinarySearch(s.commands, name)
	return ok
}

// Freshness says how far the values can be trusted.
func (s *Snapshot) Freshness() Freshness { return s.freshness }

// Read is when the UPS last confirmed the values.
func (s *Snapshot) Read() time.Time { return s.read }

// WithValues returns a copy in which the named variables have these values. A variable that is new is read-only.
func (s *Snapshot) WithValues(values map[string]string) *Snapshot {
	c := *s
	c.vars = maps.Clone(s.vars)
	if c.vars == nil {
		c.vars = make(map[string]Var, len(values))
	}
	for name, value := range values {
		v := c.vars[name]
		v.Value = value
		c.vars[name] = v
	}
	c.names = slices.Sorted(maps.Keys(c.vars))
	return &c
}

// With returns a copy that differs in freshness only.
func (s *Snapshot) With(f Freshness) *Snapshot {
	c := *s
	c.freshness = f
	return &c
}
