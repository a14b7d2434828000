package nut

func (s *Session) setUsername(args [][]byte) {
	switch {
	case len(args) != 1:
		s.err(errInvalidArgument)
	case s.hasUsername:
		s.err(errAlreadySetUsername)
	default:
		s.username, s.hasUsername = string(args[0]), true
		s.say("OK")
	}
}

func (s *Session) setPassword(args [][]byte) {
	switch {
	case len(args) != 1:
		s.err(errInvalidArgument)
	case s.hasPassword:
		s.err(errAlreadySetPassword)
	default:
		s.password, s.hasPassword = string(args[0]), true
		s.say("OK")
	}
}

// login is LOGIN <ups>: the client declares that the UPS feeds it.
func (s *Session) login(args [][]byte) { s.enter(args, errAlreadyLoggedIn) }

// attach is LOGIN by the name that RFC 9271 gives it.
func (s *Session) attach(args [][]byte) { s.enter(args, errAlreadyAttached) }

func (s *Session) enter(args [][]byte, already errorCode) {
	switch {
	case len(args) != 1:
		s.err(errInvalidArgument)
		return
	case s.loggedIn != nil:
		s.err(already)
		return
	}
	u := s.ups(args[0])
	if u == nil {
		return
	}
	if r, why := s.rights(u); !r.monitor {
		s.refuse("login refused", u, why)
		return
	}
	s.loggedIn = u
	u.login(s)
	s.host.Logger.Info("client logged in", "user", s.username, "addr", s.addr, "ups", u.name)
	s.say("OK")
}

func (s *Session) logout() {
	s.say("OK Goodbye")
	s.closed = true
}

// set is SET VAR, or SET TRACKING ON|OFF.
func (s *Session) set(args [][]byte) {
	switch {
	case len(args) >= 2 && equalFold(args[0], "VAR"):
		s.setVar(args[1:])
	case len(args) >= 2 && equalFold(args[0], "TRACKING") && equalFold(args[1], "ON"):
		s.tracking = true
		s.say("OK")
	case len(args) >= 2 && equalFold(args[0], "TRACKING") && equalFold(args[1], "OFF"):
		s.tracking = false
		s.say("OK")
	default:
		s.err(errInvalidArgument)
	}
}
