package config

import (
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// section is a table with keys of its own.
type section[T any] struct {
	table   string // "" for the top of the file
	rules   []rule[T]
	tables  []string // those inside, which are handled elsewhere
	unknown []string // keys that were reported
}

// apply takes a setting whose path begins inside the section.
func (t *section[T]) apply(r *report, to *T, s setting) {
	k := s.path[0]
	rule, ok := find(t.rules, k.name)
	if !ok {
		if !slices.Contains(t.unknown, k.name) {
			t.unknown = append(t.unknown, k.name)
			where := ""
			if t.table != "" {
				where = " in [" + t.table + "]"
			}
			r.addf(k.offset, "unknown key %s%s%s", quote(k.name), where, didYouMean(k.name, append(names(t.rules), t.tables...)))
		}
		return
	}
	v := s.at(1)
	r.value(k, v, rule.set(to, v))
}

// applyTable takes a setting whose path begins with the section's own table.
func (t *section[T]) applyTable(r *report, to *T, s setting) {
	switch {
	case len(s.path) > 1:
		t.apply(r, to, setting{s.path[1:], s.value})
	case s.value.kind != unstable.Table:
		r.addf(s.path[0].offset, "%s: want a table, as [%s]", t.table, t.table)
	}
}

// networkSection is [network] with its interfaces.
type networkSection struct {
	keys       section[Network]
	interfaces entries[Interface]
}

func newNetworkSection() networkSection {
	return networkSection{
		keys: section[Network]{table: tableNetwork, rules: networkKeys, tables: []string{keyInterfaces}},
		interfaces: entries[Interface]{table: tableInterfaces, rules: interfaceKeys, checkName: checkInterfaceName, check: checkInterface,
			complete: func(i *Interface, name string) { i.Name = name; i.complete() }},
	}
}

func (n *networkSection) apply(r *report, to *Network, s setting) {
	switch {
	case len(s.path) == 1 && s.value.kind != unstable.Table:
		r.addf(s.path[0].offset, "%s: want a table, as [%s]", tableNetwork, tableNetwork)
	case len(s.path) == 1:
	case s.path[1].name == keyInterfaces:
		n.interfaces.apply(r, setting{s.path[1:], s.value})
	default:
		n.keys.apply(r, to, setting{s.path[1:], s.value})
	}
}

func (n *networkSection) finish(r *report, to *Network) {
	to.Interfaces = n.interfaces.finish(r)
	checkInterfaces(r, n.interfaces.list)
}
