package nut

// protocolVersion is the version of NUT's network protocol that is spoken here.
const protocolVersion = "1.3"

// projectURL ends the answer to VER.
const projectURL = "https://github.com/upscard/upscard"

// commands are the protocol's, the most frequent first.
var commands = []struct {
	name      string
	needsUser bool // refused until USERNAME and PASSWORD were given
	run       func(s *Session, args [][]byte)
	old       bool // not in RFC 9271, which has another name for it
}{
	{"GET", false, (*Session).get, false},
	{"LIST", false, (*Session).list, false},
	{"VER", false, bare(func(s *Session) { s.say(s.host.info()) }), false},
	{"NETVER", false, bare(func(s *Session) { s.say(protocolVersion) }), true},
	{"PROTVER", false, bare(func(s *Session) { s.say(protocolVersion) }), false},
	{"HELP", false, bare((*Session).help), false},
	{"STARTTLS", false, (*Session).startTLS, false},
	{"USERNAME", false, (*Session).setUsername, false},
	{"PASSWORD", false, (*Session).setPassword, false},
	{"LOGIN", true, (*Session).login, true},
	{"ATTACH", true, (*Session).attach, false},
	{"DETACH", false, bare((*Session).logout), false},
	{"LOGOUT", false, bare((*Session).logout), true},
	{"PRIMARY", true, (*Session).primary, false},
	{"MASTER", true, (*Session).master, true},
	{"FSD", true, (*Session).forceShutdown, false},
	{"SET", true, (*Session).set, false},
	{"INSTCMD", true, (*Session).instCmd, false},
}

// info is the answer to VER. Clients take it apart: WinNUT counts words, an exporter wants "upsd (.+) -".
func (h *Host) info() string {
	return "Network UPS Tools upsd " + h.Version + " - " + projectURL
}

// bare makes a command that takes no arguments.
func bare(run func(s *Session)) func(s *Session, args [][]byte) {
	return func(s *Session, args [][]byte) {
		if len(args) != 0 {
			s.err(errInvalidArgument)
			return
		}
		run(s)
	}
}

func (s *Session) help() {
	if s.host.Strict {
		s.say("Commands: HELP VER PROTVER GET LIST SET INSTCMD ATTACH DETACH USERNAME PASSWORD STARTTLS")
		return
	}
	s.say("Commands: HELP VER PROTVER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS")
}

// ups returns the named UPS, or answers with an error.
func (s *Session) ups(name []byte) *UPS {
	u := s.host.Registry.lookup(name)
	switch {
	case !s.mayRead(u):
		s.err(errAccessDenied)
		return nil
	case u == nil:
		s.err(errUnknownUPS)
	}
	return u
}
