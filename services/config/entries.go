package config

import (
	"errors"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// entries collects the tables [TABLE.NAME] in the order in which their names appear.
type entries[T any] struct {
	table     string
	rules     []rule[T]
	tables    []subtable[T]
	refused   map[string]error // keys that are known and not to be had, with the reason
	checkName func(string) error
	complete  func(*T, string) // gives an item its name and what was not given
	check     func(T) error    // of a complete item; may be a keyError
	list      []entry[T]
}

type entry[T any] struct {
	key     key
	item    T
	places  map[string]int // of the values, by key, in bytes
	unknown []string       // keys that were reported
	wrong   bool
}

func (e *entries[T]) apply(r *report, s setting) {
	if len(s.path) == 1 {
		if s.value.kind != unstable.Table {
			r.addf(s.path[0].offset, "%s: want tables, as [%s.NAME]", e.table, e.table)
		}
		return
	}
	entry := e.begin(r, s.path[1])
	if entry == nil {
		return
	}
	if len(s.path) == 2 {
		if s.value.kind != unstable.Table {
			entry.wrong = true
			r.addf(s.path[1].offset, "want one table, as %s", e.header(entry.key))
		}
		return
	}
	e.value(r, entry, s)
}

// value takes a setting inside an entry.
func (e *entries[T]) value(r *report, x *entry[T], s setting) {
	k := s.path[2]
	if i := slices.IndexFunc(e.tables, func(t subtable[T]) bool { return t.key == k.name }); i >= 0 {
		err := e.tables[i].apply(r, &x.item, s)
		x.wrong = x.wrong || err != nil
		return
	}
	rule, ok := find(e.rules, k.name)
	if !ok {
		e.unknown(r, x, k)
		return
	}
	v := s.at(3)
	if _, again := x.places[k.name]; !again {
		x.places[k.name] = v.offset
	}
	err := rule.set(&x.item, v)
	x.wrong = x.wrong || err != nil
	r.value(k, v, err)
}

// unknown reports a key that is none, once.
func (e *entries[T]) unknown(r *report, x *entry[T], k key) {
	if slices.Contains(x.unknown, k.name) {
		return
	}
	x.unknown = append(x.unknown, k.name)
	x.wrong = true
	if reason, ok := e.refused[k.name]; ok {
		r.addf(k.offset, "%s: %v", k.name, reason)
		return
	}
	known := append(names(e.rules), tableNames(e.tables)...)
	r.addf(k.offset, "unknown key %s in %s%s", quote(k.name), e.header(x.key), didYouMean(k.name, known))
}

// begin finds or begins the entry with a name, nil when there are too many.
func (e *entries[T]) begin(r *report, name key) *entry[T] {
	i := slices.IndexFunc(e.list, func(x entry[T]) bool { return x.key.name == name.name })
	if i >= 0 {
		return &e.list[i]
	}
	if len(e.list) == maxEntries {
		r.addf(name.offset, "more than %d tables [%s.NAME]", maxEntries, e.table)
		return nil
	}
	begun := entry[T]{key: name, places: make(map[string]int)}
	if err := e.checkName(name.name); err != nil {
		begun.wrong = true
		r.addf(name.offset, "%v", err)
	}
	e.list = append(e.list, begun)
	return &e.list[len(e.list)-1]
}

// header is the table's header as the file should have it.
func (e *entries[T]) header(name key) string {
	if !namePattern.MatchString(name.name) {
		return "[" + e.table + "." + quote(name.name) + "]"
	}
	return "[" + e.table + "." + name.name + "]"
}

// finish completes every entry, and checks each as a whole that has no fault so far.
func (e *entries[T]) finish(r *report) []T {
	var items []T
	for i := range e.list {
		x := &e.list[i]
		e.complete(&x.item, x.key.name)
		if !x.wrong {
			e.report(r, x, e.check(x.item))
		}
		items = append(items, x.item)
	}
	return items
}

// report says what is wrong with an entry, at the key that is to blame if there is one.
func (e *entries[T]) report(r *report, x *entry[T], err error) {
	if err == nil {
		return
	}
	var blamed keyError
	if errors.As(err, &blamed) {
		if place, ok := x.places[blamed.key]; ok {
			r.addf(place, "%v", err)
			return
		}
	}
	r.addf(x.key.offset, "%s: %v", e.header(x.key), err)
}
