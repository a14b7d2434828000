package driversock

import (
	"slices"
	"strconv"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

// appendDump appends everything that a snapshot holds, in the order of NUT's drivers: DATASTALE first, or DATAOK after
// the values, and DUMPDONE at the end.
func appendDump(dst []byte, s *ups.Snapshot) []byte {
	fresh := s.Freshness() == ups.Fresh
	if !fresh {
		dst = append(dst, "DATASTALE\n"...)
	}
	for _, name := range s.Names() {
		v, _ := s.Var(name)
		dst = appendVar(dst, name, v)
	}
	for _, cmd := range s.Commands() {
		dst = appendLine(dst, "ADDCMD", cmd)
	}
	if fresh {
		dst = append(dst, "DATAOK\n"...)
	}
	return append(dst, "DUMPDONE\n"...)
}

// appendValue appends a dump of one variable.
func appendValue(dst []byte, s *ups.Snapshot, name string) []byte {
	fresh := s.Freshness() == ups.Fresh
	if !fresh {
		dst = append(dst, "DATASTALE\n"...)
	}
	if v, ok := s.Var(name); ok {
		dst = appendVar(dst, name, v)
	}
	if fresh {
		dst = append(dst, "DATAOK\n"...)
	}
	return append(dst, "DUMPDONE\n"...)
}

// appendDiff appends the lines that turn what a reader of prev knows into next. That data is stale is said before
// anything else, that it is fresh after everything else: a reader never takes a half changed state for a good one.
func appendDiff(dst []byte, prev, next *ups.Snapshot) []byte {
	was, is := prev.Freshness() == ups.Fresh, next.Freshness() == ups.Fresh
	if was && !is {
		dst = append(dst, "DATASTALE\n"...)
	}
	dst = appendVarDiff(dst, prev, next)
	dst = appendCommandDiff(dst, prev.Commands(), next.Commands())
	if is && !was {
		dst = append(dst, "DATAOK\n"...)
	}
	return dst
}

func appendVarDiff(dst []byte, prev, next *ups.Snapshot) []byte {
	for _, name := range prev.Names() {
		if _, ok := next.Var(name); !ok {
			dst = appendLine(dst, "DELINFO", name)
		}
	}
	for _, name := range next.Names() {
		v, _ := next.Var(name)
		old, known := prev.Var(name)
		switch {
		case known && v.Equal(old):
		case known && sameDescription(v, old):
			dst = appendSetInfo(dst, name, v.Value)
		case known:
			// No line takes flags away, hence all anew.
			dst = appendLine(dst, "DELINFO", name)
			dst = appendVar(dst, name, v)
		default:
			dst = appendVar(dst, name, v)
		}
	}
	return dst
}

func appendCommandDiff(dst []byte, prev, next []string) []byte {
	for _, cmd := range prev {
		if _, ok := slices.BinarySearch(next, cmd); !ok {
			dst = appendLine(dst, "DELCMD", cmd)
		}
	}
	for _, cmd := range next {
		if _, ok := slices.BinarySearch(prev, cmd); !ok {
			dst = appendLine(dst, "ADDCMD", cmd)
		}
	}
	return dst
}

// sameDescription reports whether v and w differ in value at most.
func sameDescription(v, w ups.Var) bool {
	w.Value = v.Value
	return v.Equal(w)
}

func appendVar(dst []byte, name string, v ups.Var) []byte {
	dst = appendSetInfo(dst, name, v.Value)
	for _, e := range v.Enum {
		dst = append(dst, "ADDENUM "...)
		dst = append(dst, name...)
		dst = append(dst, ' ')
		dst = parseconf.AppendQuoted(dst, e)
		dst = append(dst, '\n')
	}
	for _, r := range v.Ranges {
		dst = appendLine(dst, "ADDRANGE", name, strconv.Itoa(r.Min), strconv.Itoa(r.Max))
	}
	if v.MaxLen > 0 {
		dst = appendLine(dst, "SETAUX", name, strconv.Itoa(v.MaxLen))
	}
	if v.Flags != 0 {
		words := []string{"SETFLAGS", name}
		for _, f := range flagWords {
			if v.Flags&f.flag != 0 {
				words = append(words, f.word)
			}
		}
		dst = appendLine(dst, words...)
	}
	return dst
}

// flagWords are the words of SETFLAGS.
var flagWords = []struct {
	flag ups.Flags
	word string
}{{ups.RW, "RW"}, {ups.String, "STRING"}, {ups.Number, "NUMBER"}}

func appendSetInfo(dst []byte, name, value string) []byte {
	dst = append(dst, "SETINFO "...)
	dst = append(dst, name...)
	dst = append(dst, ' ')
	dst = parseconf.AppendQuoted(dst, value)
	return append(dst, '\n')
}

// appendLine appends words that need no quoting.
func appendLine(dst []byte, words ...string) []byte {
	for i, w := range words {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, w...)
	}
	return append(dst, '\n')
}

// appendOrder appends INSTCMD or SET with TRACKING.
func appendOrder(dst []byte, o ups.Order) []byte {
	verb := "INSTCMD "
	if o.Set {
		verb = "SET "
	}
	dst = append(append(dst, verb...), o.Name...)
	if o.Set || o.Value != "" {
		dst = parseconf.AppendQuoted(append(dst, ' '), o.Value)
	}
	return appendLine(append(dst, ' '), "TRACKING", o.ID)
}
