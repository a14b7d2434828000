package nut

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/ups"
)

const numLogins = "NUMLOGINS"

// getters are the kinds of GET, the most frequent first, with the least number of words behind them.
var getters = []struct {
	name string
	args int
	run  func(s *Session, args [][]byte)
}{
	{"VAR", 2, (*Session).getVar},
	{"TYPE", 2, (*Session).getType},
	{"DESC", 2, (*Session).getDesc},
	{"CMDDESC", 2, (*Session).getCmdDesc},
	{"UPSDESC", 1, (*Session).getUPSDesc},
	{numLogins, 1, (*Session).getNumLogins},
	{"NUMATTACH", 1, (*Session).getNumAttach},
	{"TRACKING", 0, (*Session).getTracking},
}

func (s *Session) get(args [][]byte) {
	if len(args) > 0 {
		for i := range getters {
			g := &getters[i]
			if equalFold(args[0], g.name) && len(args) > g.args && !(s.host.Strict && g.name == numLogins) {
				g.run(s, args[1:])
				return
			}
		}
	}
	s.err(errInvalidArgument)
}

// available returns the named UPS's snapshot, or answers with an error.
func (s *Session) available(name []byte) *ups.Snapshot {
	u := s.ups(name)
	if u == nil {
		return nil
	}
	snap, code := u.current()
	if code != "" {
		s.err(code)
		return nil
	}
	return snap
}

// variable returns a variable of the named UPS, or answers with an error.
func (s *Session) variable(upsName, name []byte) (ups.Var, bool) {
	snap := s.available(upsName)
	if snap == nil {
		return ups.Var{}, false
	}
	v, ok := snap.Var(string(name))
	if !ok {
		var other string
		other, ok = folded(snap.Names(), name)
		v, _ = snap.Var(other)
	}
	if !ok {
		s.err(errVarNotSupported)
		return v, false
	}
	if equalFold(name, varStatus) {
		v = s.told(varStatus, v)
	}
	return v, true
}

func (s *Session) getVar(args [][]byte) {
	const prefix = "server."
	if len(args[1]) > len(prefix) && equalFold(args[1][:len(prefix)], prefix) {
		s.getServerVar(args)
		return
	}
	if v, ok := s.variable(args[0], args[1]); ok {
		s.echo("VAR", args[0], args[1])
		s.quote(v.Value)
	}
}

// getServerVar answers for variables that are the server's own, whatever the UPS.
func (s *Session) getServerVar(args [][]byte) {
	value := ""
	switch name := strings.ToLower(string(args[1])); name {
	case "server.info":
		value = s.host.info()
	case "server.version":
		value = s.host.Version
	default:
		s.err(errVarNotSupported)
		return
	}
	s.echo("VAR", args[0], bytes.ToLower(args[1]))
	s.quote(value)
}

// getType answers with at least one word besides RW, since a client indexes it.
func (s *Session) getType(args [][]byte) {
	v, ok := s.variable(args[0], args[1])
	if !ok {
		return
	}
	s.echo("TYPE", args[0], args[1])
	if v.Flags&ups.RW != 0 {
		s.out = append(s.out, "RW "...)
	}
	if len(v.Enum) > 0 {
		s.out = append(s.out, "ENUM "...)
	}
	if len(v.Ranges) > 0 {
		s.out = append(s.out, "RANGE "...)
	}
	if v.Flags&ups.String == 0 {
		s.say("NUMBER")
		return
	}
	s.out = append(s.out, "STRING:"...)
	s.out = strconv.AppendInt(s.out, int64(v.MaxLen), 10)
	s.out = append(s.out, '\n')
}
