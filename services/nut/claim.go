package nut

// primary is PRIMARY <ups>: the client is the one that shuts down last, if it may. Nothing is kept of it.
func (s *Session) primary(args [][]byte) { s.claim(args, "OK PRIMARY-GRANTED") }

// master is PRIMARY by its older name.
func (s *Session) master(args [][]byte) { s.claim(args, "OK MASTER-GRANTED") }

func (s *Session) claim(args [][]byte, granted string) {
	u := s.named(args)
	if u == nil {
		return
	}
	if r, why := s.rights(u); !r.primary {
		s.refuse("primary refused", u, why)
		return
	}
	s.say(granted)
}

// forceShutdown is FSD <ups>, whatever is known of the UPS.
func (s *Session) forceShutdown(args [][]byte) {
	u := s.named(args)
	if u == nil {
		return
	}
	if r, why := s.rights(u); !r.primary && !r.fsd {
		s.refuse("FSD refused", u, why)
		return
	}
	s.host.Logger.Warn("FSD set", "user", s.username, "addr", s.addr, "ups", u.name)
	s.host.setFSD(u, true)
	s.say("OK FSD-SET")
}

// named returns the UPS that is the only argument, or answers with an error.
func (s *Session) named(args [][]byte) *UPS {
	if len(args) != 1 {
		s.err(errInvalidArgument)
		return nil
	}
	return s.ups(args[0])
}

// varFSD is written to end FSD. No client can read it but on a feed.
const varFSD = "server.fsd"

// endFSD is SET VAR <ups> server.fsd no by a primary with the action FSD, and reports whether it was that. To anybody else there is no
// such variable.
func (s *Session) endFSD(args [][]byte) bool {
	if !equalFold(args[1], varFSD) {
		return false
	}
	u := s.host.Registry.lookup(args[0])
	if u == nil {
		return false
	}
	if r, _ := s.rights(u); !r.primary || !r.fsd {
		return false
	}
	switch {
	case string(args[2]) != "no":
		s.err(errInvalidValue)
	default:
		s.host.Logger.Warn("FSD ended", "user", s.username, "addr", s.addr, "ups", u.name)
		s.host.setFSD(u, false)
		s.done()
	}
	return true
}
