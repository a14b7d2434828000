package nut

import "strconv"

func (s *Session) getDesc(args [][]byte) {
	if s.available(args[0]) != nil {
		s.echo("DESC", args[0], args[1])
		s.quote(DescribeVar(string(args[1])))
	}
}

func (s *Session) getCmdDesc(args [][]byte) {
	if s.available(args[0]) != nil {
		s.echo("CMDDESC", args[0], args[1])
		s.quote(DescribeCommand(string(args[1])))
	}
}

func (s *Session) getUPSDesc(args [][]byte) {
	u := s.ups(args[0])
	if u == nil {
		return
	}
	desc := u.description()
	if desc == "" {
		desc = "Unavailable"
	}
	s.echo("UPSDESC", args[0])
	s.quote(desc)
}

func (s *Session) getNumLogins(args [][]byte) { s.countLogins(numLogins, args) }

func (s *Session) getNumAttach(args [][]byte) { s.countLogins("NUMATTACH", args) }

func (s *Session) countLogins(kind string, args [][]byte) {
	u := s.ups(args[0])
	if u == nil {
		return
	}
	if _, code := u.current(); code != "" {
		s.err(code)
		return
	}
	s.echo(kind, args[0])
	s.say(strconv.Itoa(u.Logins()))
}

// getTracking tells whether orders are tracked, or the state of one.
func (s *Session) getTracking(args [][]byte) {
	switch {
	case len(args) == 0 && s.tracking:
		s.say("ON")
	case len(args) == 0:
		s.say("OFF")
	case s.tracking:
		s.say(s.host.tracker.status(string(args[0])))
	default:
		s.err(errFeatureNotConfigured)
	}
}
