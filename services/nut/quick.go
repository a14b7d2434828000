package nut

import "bytes"

// isQuick reports whether the session can take all of data without waiting for anything: whole lines, each of a command that is answered from memory.
// One in another case of letters, or quoted, is right and not quick.
func (s *Session) isQuick(data []byte) bool {
	if s.length > 0 || data[len(data)-1] != '\n' || s.mustProve() {
		return false
	}
	for introduced := false; len(data) > 0; {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		word, _, _ := bytes.Cut(line, []byte{' '})
		e := effortOf(word)
		if e == waiting || introduced {
			return false
		}
		introduced = e == introducing
		data = rest
	}
	return true
}

func effortOf(word []byte) effort {
	for i := range commands {
		if string(word) == commands[i].name {
			return commands[i].effort
		}
	}
	return waiting
}

// mustProve reports whether answers depend on who the client is, who has said so and was not looked for yet.
func (s *Session) mustProve() bool {
	if !s.hasUsername || !s.hasPassword {
		return false
	}
	now := s.host.Users.now.Load()
	return s.verified != now && (now.filters || !s.host.anonymous.Load().admits(s.ip))
}
