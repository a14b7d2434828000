package nut

import "bytes"

// isQuick reports whether the session can take all of data at once: whole lines, each of a command that is answered from memory. What may take longer
// does: it waits for a password's hash, for a driver or for the disk.
func (s *Session) isQuick(data []byte) bool {
	if s.length > 0 || data[len(data)-1] != '\n' || s.mustProve() {
		return false
	}
	for introduced := false; len(data) > 0; {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		i := indexQuick(line)
		if i < 0 || introduced {
			return false
		}
		introduced = quick[i].introduces
		data = rest
	}
	return true
}

// quick are the commands that are answered from memory, in the usual case of letters. What comes behind one that introduces a user may have to wait until
// he has proved who he is.
var quick = []struct {
	name       string
	introduces bool
}{{"GET", false}, {"LIST", false}, {"USERNAME", true}, {"PASSWORD", true}, {"LOGOUT", false}, {"VER", false}, {"NETVER", false}, {"PROTVER", false}, {"HELP", false}}

func indexQuick(line []byte) int {
	word := line
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		word = line[:i]
	}
	for i := range quick {
		if string(word) == quick[i].name {
			return i
		}
	}
	return -1
}

// mustProve reports whether an answer from memory depends on who the client is, and that he has said so and not been looked for.
func (s *Session) mustProve() bool {
	if !s.hasUsername || !s.hasPassword {
		return false
	}
	now := s.host.Users.now.Load()
	return s.verified != now && (now.filters || !s.host.anonymous.Load().admits(s.ip))
}
