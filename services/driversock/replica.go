package driversock

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

// Bounds of what a driver may make its reader keep. NUT's largest drivers stay far below.
const (
	maxVars     = 2048
	maxCommands = 512
	maxChoices  = 256 // enumerated values, or ranges, of one variable
)

// replica is a driver's state as its lines tell it. It is the pure half of Follow.
type replica struct {
	vars     map[string]ups.Var
	commands map[string]struct{}
	dumped   bool // DUMPDONE was read: vars is complete
	ok       bool // the last of DATAOK and DATASTALE was DATAOK
	changed  bool // since the last snapshot
	tracked  []tracked
}

// tracked is what became of an order.
type tracked struct {
	id     string
	result ups.Result
}

func newReplica() *replica {
	return &replica{vars: make(map[string]ups.Var), commands: make(map[string]struct{})}
}

// apply takes one line and reports whether it was one of the protocol's.
func (r *replica) apply(words [][]byte) bool {
	if len(words) == 0 {
		return false
	}
	v, ok := verbs[strings.ToUpper(string(words[0]))]
	if !ok || len(words) <= v.args {
		return false
	}
	for i, w := range words { // what a driver says is ASCII here, as NUT's readers have it
		words[i] = parseconf.AppendBare(w[:0], w)
	}
	v.apply(r, words[1:])
	r.changed = r.changed || !v.silent
	return true
}

// verbs are the lines that a driver sends, with the number of words that must follow.
var verbs = map[string]struct {
	args   int
	silent bool // changes no state
	apply  func(r *replica, args [][]byte)
}{
	"PONG":      {0, true, func(*replica, [][]byte) {}},
	"PID":       {0, true, func(*replica, [][]byte) {}},
	"OK":        {0, true, func(*replica, [][]byte) {}},
	"TRACKING":  {2, true, (*replica).track},
	"DUMPDONE":  {0, false, func(r *replica, _ [][]byte) { r.dumped = true }},
	"DATAOK":    {0, false, func(r *replica, _ [][]byte) { r.ok = true }},
	"DATASTALE": {0, false, func(r *replica, _ [][]byte) { r.ok = false }},
	"SETINFO":   {2, false, (*replica).setInfo},
	"DELINFO":   {1, false, func(r *replica, a [][]byte) { delete(r.vars, string(a[0])) }},
	"ADDCMD":    {1, false, (*replica).addCommand},
	"DELCMD":    {1, false, func(r *replica, a [][]byte) { delete(r.commands, string(a[0])) }},
	"SETFLAGS":  {2, false, (*replica).setFlags},
	"SETAUX":    {2, false, (*replica).setAux},
	"ADDENUM":   {2, false, (*replica).addEnum},
	"DELENUM":   {2, false, (*replica).delEnum},
	"ADDRANGE":  {3, false, (*replica).addRange},
	"DELRANGE":  {3, false, (*replica).delRange},
}

// track notes an order's result. A word in place of a number says that there is none yet; a number that is unknown here is
// a result that is unknown.
func (r *replica) track(a [][]byte) {
	n, err := strconv.Atoi(string(a[1]))
	if err != nil || n < 0 {
		return
	}
	result := ups.Result(n)
	if result > ups.ConversionFailed {
		result = ups.Unknown
	}
	r.tracked = append(r.tracked, tracked{string(a[0]), result})
}

// results returns those noted since the last call.
func (r *replica) results() []tracked {
	list := r.tracked
	r.tracked = nil
	return list
}

func (r *replica) setInfo(a [][]byte) {
	name := string(a[0])
	v, known := r.vars[name]
	if !known && (len(r.vars) >= maxVars || !validName(name)) {
		return
	}
	v.Value = string(a[1])
	r.vars[name] = v
}

func (r *replica) addCommand(a [][]byte) {
	name := string(a[0])
	if len(r.commands) < maxCommands && validName(name) {
		r.commands[name] = struct{}{}
	}
}

// change applies f to a variable that is known; lines about others are void, as in NUT.
func (r *replica) change(name []byte, f func(v *ups.Var)) {
	if v, ok := r.vars[string(name)]; ok {
		f(&v)
		r.vars[string(name)] = v
	}
}

func (r *replica) setFlags(a [][]byte) {
	var flags ups.Flags
	for _, word := range a[1:] {
		for _, f := range flagWords {
			if string(word) == f.word {
				flags |= f.flag
			}
		}
	}
	r.change(a[0], func(v *ups.Var) { v.Flags = flags })
}

func (r *replica) setAux(a [][]byte) {
	if n, err := strconv.Atoi(string(a[1])); err == nil && n >= 0 {
		r.change(a[0], func(v *ups.Var) { v.MaxLen = n })
	}
}

func (r *replica) addEnum(a [][]byte) {
	value := string(a[1])
	r.change(a[0], func(v *ups.Var) {
		if len(v.Enum) < maxChoices && !slices.Contains(v.Enum, value) {
			v.Enum = append(slices.Clip(v.Enum), value)
		}
	})
}

func (r *replica) delEnum(a [][]byte) {
	r.change(a[0], func(v *ups.Var) { v.Enum = without(v.Enum, string(a[1])) })
}

func (r *replica) addRange(a [][]byte) {
	span, ok := parseRange(a)
	r.change(a[0], func(v *ups.Var) {
		if ok && len(v.Ranges) < maxChoices && !slices.Contains(v.Ranges, span) {
			v.Ranges = append(slices.Clip(v.Ranges), span)
		}
	})
}

func (r *replica) delRange(a [][]byte) {
	if span, ok := parseRange(a); ok {
		r.change(a[0], func(v *ups.Var) { v.Ranges = without(v.Ranges, span) })
	}
}

func parseRange(a [][]byte) (ups.Range, bool) {
	lo, err1 := strconv.Atoi(string(a[1]))
	hi, err2 := strconv.Atoi(string(a[2]))
	return ups.Range{Min: lo, Max: hi}, err1 == nil && err2 == nil
}

// without returns a copy, since snapshots share the slice.
func without[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(y T) bool { return x == y })
}

// freshness is Absent until the first dump is complete.
func (r *replica) freshness() ups.Freshness {
	switch {
	case !r.dumped:
		return ups.Absent
	case !r.ok:
		return ups.Stale
	default:
		return ups.Fresh
	}
}

// snapshot returns what is known at the moment, confirmed at the time given.
func (r *replica) snapshot(read time.Time) *ups.Snapshot {
	r.changed = false
	return ups.NewSnapshot(maps.Clone(r.vars), slices.Collect(maps.Keys(r.commands)), r.freshness(), read)
}
