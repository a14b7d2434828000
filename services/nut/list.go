package nut

import (
	"strconv"

	"github.com/upscard/upscard/services/ups"
)

// lists are the kinds of LIST, with the least number of words behind them.
var lists = []struct {
	name string
	args int
	run  func(s *Session, args [][]byte)
}{
	{"VAR", 1, (*Session).listVar},
	{"UPS", 0, (*Session).listUPS},
	{"RW", 1, (*Session).listRW},
	{"CMD", 1, (*Session).listCmd},
	{"CLIENT", 1, (*Session).listClient},
	{"ENUM", 2, (*Session).listEnum},
	{"RANGE", 2, (*Session).listRange},
}

func (s *Session) list(args [][]byte) {
	if len(args) > 0 {
		for i := range lists {
			l := &lists[i]
			if equalFold(args[0], l.name) && len(args) > l.args {
				l.run(s, args[1:])
				return
			}
		}
	}
	s.err(errInvalidArgument)
}

// within puts BEGIN and END around a list. They repeat the request to the letter: clients compare whole lines.
func (s *Session) within(kind string, args [][]byte, items func()) {
	for _, edge := range []string{"BEGIN LIST", "END LIST"} {
		s.echo(edge)
		s.echo(kind, args...)
		s.out[len(s.out)-1] = '\n'
		if edge[0] == 'B' {
			items()
		}
	}
}

func (s *Session) listUPS([][]byte) {
	if !s.mayRead(nil) {
		s.err(errAccessDenied)
		return
	}
	s.within("UPS", nil, func() {
		for _, u := range s.host.Registry.All() {
			if !s.mayRead(u) {
				continue
			}
			desc := u.description()
			if desc == "" {
				desc = "Description unavailable"
			}
			s.echo("UPS", []byte(u.name))
			s.quote(desc)
		}
	})
}

func (s *Session) listVar(args [][]byte) {
	s.listVars("VAR", args[:1], func(ups.Var) bool { return true })
}

func (s *Session) listRW(args [][]byte) {
	s.listVars("RW", args[:1], func(v ups.Var) bool { return v.Flags&ups.RW != 0 })
}

func (s *Session) listVars(kind string, args [][]byte, wanted func(ups.Var) bool) {
	snap := s.available(args[0])
	if snap == nil {
		return
	}
	s.within(kind, args, func() {
		for _, name := range snap.Names() {
			if v, _ := snap.Var(name); wanted(v) {
				s.echo(kind, args[0], []byte(name))
				s.quote(s.told(name, v).Value)
			}
		}
	})
}

func (s *Session) listCmd(args [][]byte) {
	snap := s.available(args[0])
	if snap == nil {
		return
	}
	s.within("CMD", args[:1], func() {
		for _, cmd := range snap.Commands() {
			s.echo("CMD", args[0])
			s.say(cmd)
		}
	})
}

func (s *Session) listClient(args [][]byte) {
	u := s.ups(args[0])
	if u == nil {
		return
	}
	name := u.name
	if !equalFold(args[0], name) { // an alias, which is what the client knows
		name = string(args[0])
	}
	s.within("CLIENT", args[:1], func() {
		for _, addr := range u.clients() {
			s.say("CLIENT", name, addr)
		}
	})
}

func (s *Session) listEnum(args [][]byte) {
	v, ok := s.variable(args[0], args[1])
	if !ok {
		return
	}
	s.within("ENUM", args[:2], func() {
		for _, value := range v.Enum {
			s.echo("ENUM", args[0], args[1])
			s.quote(value)
		}
	})
}

func (s *Session) listRange(args [][]byte) {
	v, ok := s.variable(args[0], args[1])
	if !ok {
		return
	}
	s.within("RANGE", args[:2], func() {
		for _, r := range v.Ranges {
			s.echo("RANGE", args[0], args[1])
			s.say(`"`+strconv.Itoa(r.Min)+`"`, `"`+strconv.Itoa(r.Max)+`"`)
		}
	})
}
