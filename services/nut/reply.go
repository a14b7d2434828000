package nut

import "github.com/upscard/upscard/services/parseconf"

// err answers with an error.
func (s *Session) err(code errorCode) {
	s.out = append(s.out, "ERR "...)
	s.out = append(s.out, code...)
	s.out = append(s.out, '\n')
}

// say answers with one line of words that need no quoting.
func (s *Session) say(words ...string) {
	for i, w := range words {
		if i > 0 {
			s.out = append(s.out, ' ')
		}
		s.out = parseconf.AppendBare(s.out, w)
	}
	s.out = append(s.out, '\n')
}

// echo appends a word, what the client sent as its arguments, and a blank behind each.
func (s *Session) echo(word string, args ...[]byte) {
	s.out = append(s.out, word...)
	s.out = append(s.out, ' ')
	for _, a := range args {
		s.out = parseconf.AppendBare(s.out, a)
		s.out = append(s.out, ' ')
	}
}

// quote appends a quoted value and ends the line.
func (s *Session) quote(value string) {
	s.out = parseconf.AppendQuoted(s.out, value)
	s.out = append(s.out, '\n')
}
