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
}{
	{"GET", false, (*Session).get},
	{"LIST", false, (*Session).list},
	{"VER", false, bare(func(s *Session) { s.say(s.host.info()) })},
	{"NETVER", false, bare(func(s *Session) { s.say(protocolVersion) })},
	{"PROTVER", false, bare(func(s *Session) { s.say(protocolVersion) })},
	{"HELP", false, bare((*Session).help)},
	{"STARTTLS", false, func(s *Session, _ [][]byte) { s.err(errFeatureNotConfigured) }},
	{"USERNAME", false, (*Session).setUsername},
	{"PASSWORD", false, (*Session).setPassword},
	{"LOGIN", true, (*Session).login},
	{"LOGOUT", false, bare((*Session).logout)},
	{"PRIMARY", true, (*Session).primary},
	{"MASTER", true, (*Session).master},
	{"FSD", true, (*Session).forceShutdown},
	{"SET", true, (*Session).set},
	{"INSTCMD", true, (*Session).instCmd},
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
	s.say("Commands: HELP VER PROTVER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS")
}

// ups returns the named UPS, or answers with an error.
func (s *Session) ups(name []byte) *UPS {
	u := s.host.Registry.lookup(name)
	if u == nil {
		s.err(errUnknownUPS)
	}
	return u
}
