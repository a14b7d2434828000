package config

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// key is one part of a dotted key.
type key struct {
	name   string
	offset int // in bytes
}

// value is what a key is set to.
type value struct {
	kind   unstable.Kind
	text   string  // without quotes; numbers as they are written
	items  []value // of an array
	offset int     // in bytes
}

// setting is a key in full with its value. The header of a table is one too, with the kind Table or ArrayTable and no value.
type setting struct {
	path  []key
	value value
}

// at is the value of the first depth parts of the path: a table if there are more.
func (s setting) at(depth int) value {
	if len(s.path) > depth {
		return value{kind: unstable.Table, offset: s.path[depth-1].offset}
	}
	return s.value
}

// read takes a TOML document apart, in its order; what is no TOML is reported. go-toml's decoder, which alone knows that a
// table is defined twice, checks the document as a whole; its parser then tells where each value is.
func read(data []byte, r *report) []setting {
	var decoded map[string]any
	if err := toml.Unmarshal(data, &decoded); err != nil {
		syntax(err, r)
		return nil
	}
	var (
		p     unstable.Parser
		table []key
		list  []setting
	)
	p.Reset(data)
	for p.NextExpression() {
		switch n := p.Expression(); n.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = keys(n)
			list = append(list, setting{table, value{kind: n.Kind, offset: table[len(table)-1].offset}})
		case unstable.KeyValue:
			list = flatten(list, table, n)
		}
	}
	return list
}

// flatten appends the settings of a key: one, or those of its inline table.
func flatten(list []setting, table []key, n *unstable.Node) []setting {
	path := append(table[:len(table):len(table)], keys(n)...)
	v := newValue(n.Value(), path[len(path)-1].offset)
	if v.kind != unstable.InlineTable {
		return append(list, setting{path, v})
	}
	list = append(list, setting{path, value{kind: unstable.Table, offset: v.offset}})
	for it := n.Value().Children(); it.Next(); {
		list = flatten(list, path, it.Node())
	}
	return list
}

func keys(n *unstable.Node) []key {
	var path []key
	for it := n.Key(); it.Next(); {
		path = append(path, key{string(it.Node().Data), int(it.Node().Raw.Offset)})
	}
	return path
}

// newValue copies a node. Arrays do not know where they are, so they are where their key is.
func newValue(n *unstable.Node, keyOffset int) value {
	v := value{kind: n.Kind, text: string(n.Data), offset: int(n.Raw.Offset)}
	if n.Kind != unstable.Array {
		return v
	}
	v.offset = keyOffset
	for it := n.Children(); it.Next(); {
		v.items = append(v.items, newValue(it.Node(), keyOffset))
	}
	return v
}

func syntax(err error, r *report) {
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		r.addf(0, "%v", err)
		return
	}
	line, column := wrong.Position()
	offset := 0
	for range line - 1 {
		offset += bytes.IndexByte(r.data[offset:], '\n') + 1
	}
	r.addf(offset+column-1, "%s", strings.TrimPrefix(wrong.Error(), "toml: "))
}
