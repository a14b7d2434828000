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
	effort    effort
}{
	{"GET", false, (*Session).get, false, atOnce},
	{"LIST", false, (*Session).list, false, atOnce},
	{"VER", false, bare(func(s *Session) { s.say(s.host.info()) }), false, atOnce},
	{"NETVER", false, bare(func(s *Session) { s.say(protocolVersion) }), true, atOnce},
	{"PROTVER", false, bare(func(s *Session) { s.say(protocolVersion) }), false, atOnce},
	{"HELP", false, bare((*Session).help), false, atOnce},
	{"STARTTLS", false, (*Session).startTLS, false, waiting},
	{"USERNAME", false, (*Session).setUsername, false, introducing},
	{"PASSWORD", false, (*Session).setPassword, false, introducing},
	{"LOGIN", true, (*Session).login, true, waiting},
	{"ATTACH", true, (*Session).attach, false, waiting},
	{"DETACH", false, bare((*Session).logout), false, atOnce},
	{"LOGOUT", false, bare((*Session).logout), true, atOnce},
	{"PRIMARY", true, (*Session).primary, false, waiting},
	{"MASTER", true, (*Session).master, true, waiting},
	{"FSD", true, (*Session).forceShutdown, false, waiting},
	{"SET", true, (*Session).set, false, waiting},
	{"INSTCMD", true, (*Session).instCmd, false, waiting},
}

// effort is what a command takes.
type effort uint8

const (
	waiting     effort = iota // for a driver, the disk, a password's hash, or a handshake
	atOnce                    // it is answered from memory
	introducing               // likewise, but what comes behind may have to wait until the user has proved who he is
)

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
