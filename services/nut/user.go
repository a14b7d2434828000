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
func (s *Session) login(args [][]byte) {
	switch {
	case len(args) != 1:
		s.err(errInvalidArgument)
		return
	case s.loggedIn != nil:
		s.err(errAlreadyLoggedIn)
		return
	}
	u := s.ups(args[0])
	if u == nil {
		return
	}
	log := s.host.Logger.With("user", s.username, "addr", s.addr, "ups", u.name)
	if r, _ := s.rights(); !r.monitor {
		log.Warn("login refused")
		s.err(errAccessDenied)
		return
	}
	s.loggedIn = u
	u.login(s)
	log.Info("client logged in")
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

// rights returns what the client may do, and whether its name and password are right.
func (s *Session) rights() (rights, bool) {
	if s.trusted {
		return rights{monitor: true, primary: true, fsd: true, set: true, anyCommand: true}, true
	}
	return s.host.Users.rights(s.username, s.password)
}
