// Package parseconf splits lines into words by the rules that NUT's configuration files, network protocol
// and driver sockets share.
package parseconf

import "errors"

// Limits of one line. They are those of NUT's own parser, which drops what is beyond; here it is an error.
const (
	MaxWords = 32
	MaxWord  = 512 // bytes
)

// Errors of Split.
var (
	ErrUnbalanced   = errors.New("quote or backslash that nothing follows")
	ErrBareHash     = errors.New("unescaped # inside quotes")
	ErrTooManyWords = errors.New("more than 32 words")
	ErrWordTooLong  = errors.New("word longer than 512 bytes")
)

// Splitter splits lines. Its zero value is ready; it keeps its memory from line to line.
type Splitter struct {
	buf   []byte
	words [][]byte
	start int // of the current word in buf
	state state
}

type state uint8

const (
	between state = iota // looking for a word
	bare                 // in a word
	quoted               // in a word that began with a quote
)

// Split returns the words of a line, which must hold no line end. Blanks separate words; double quotes keep blanks
// together, if a word begins with them; a backslash takes the next character as it is; a # outside quotes begins a
// comment; = is a word of its own. ASCII control characters below blank vanish from words, as in NUT. Bytes over ASCII
// stay, which NUT drops too: to it, passwords that differ in umlauts only are the same. The words belong to the
// splitter until its next Split.
func (s *Splitter) Split(line []byte) ([][]byte, error) {
	if cap(s.buf) < len(line) {
		s.buf = make([]byte, 0, max(len(line), 128))
	}
	s.buf, s.words, s.start, s.state = s.buf[:0], s.words[:0], 0, between
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '\\' {
			if i++; i == len(line) {
				return nil, ErrUnbalanced
			}
			if s.state == between {
				s.state = bare
			}
			s.add(line[i])
			continue
		}
		if c == '#' && s.state != quoted {
			break
		}
		if err := s.step(c); err != nil {
			return nil, err
		}
	}
	switch s.state {
	case quoted:
		return nil, ErrUnbalanced
	case bare:
		return s.words, s.end()
	}
	return s.words, nil
}

// step takes one character that no backslash precedes.
func (s *Splitter) step(c byte) error {
	switch s.state {
	case between:
		switch {
		case c == '"':
			s.state = quoted
		case isSpace(c):
		case c == '=':
			s.add(c)
			return s.end()
		default:
			s.state = bare
			s.add(c)
		}
	case bare:
		switch {
		case isSpace(c):
			return s.end()
		case c == '=':
			if err := s.end(); err != nil {
				return err
			}
			s.add(c)
			return s.end()
		default:
			s.add(c)
		}
	case quoted:
		switch c {
		case '"':
			return s.end()
		case '#':
			return ErrBareHash
		default:
			s.add(c)
		}
	}
	return nil
}

// add appends c to the current word. Its memory was reserved by Split, so that words never move.
func (s *Splitter) add(c byte) {
	if c >= ' ' {
		s.buf = append(s.buf, c)
	}
}

// end finishes the current word.
func (s *Splitter) end() error {
	if len(s.buf)-s.start > MaxWord {
		return ErrWordTooLong
	}
	if len(s.words) == MaxWords {
		return ErrTooManyWords
	}
	s.words = append(s.words, s.buf[s.start:len(s.buf):len(s.buf)])
	s.start, s.state = len(s.buf), between
	return nil
}

func isPrintable(c byte) bool { return c >= ' ' && c <= '~' }

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
