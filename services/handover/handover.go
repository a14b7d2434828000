// Package handover is what confd tells init.
package handover

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Settings are what init needs to know of the configuration in force.
type Settings struct {
	Source   Source
	Hostname string   // one label of RFC 1123
	Port     uint16   // where the NUT server is reached; 0: nowhere that is known
	Wrong    []string // what is wrong with the owner's file, each a line
}

// Default is a card whose owner has decided nothing.
func Default() Settings { return Settings{Source: Defaults, Hostname: "upscard", Port: 3493} }

// Source is where the configuration in force comes from.
type Source string

const (
	Owner    Source = "owner" // the owner's file
	LastGood Source = "last-good"
	Defaults Source = "defaults"
)

// File is the name of a program's part of a configuration. Defaults have none: a program without a file takes them.
func (s Source) File(program string) string { return program + "." + string(s) + ".toml" }

// Limits of what init takes, and of what confd sends.
const (
	MaxSize  = 32 << 10 // bytes in all
	maxLine  = 600      // bytes
	maxWrong = 20
)

// The closed list of messages, each a line: a word, a blank, a text. The last one has no text, and says that these were all. More may
// follow, which replace them.
const (
	wordSource   = "source"
	wordHostname = "hostname"
	wordPort     = "port"
	wordWrong    = "wrong"
	wordReady    = "ready"
)

// Encode writes the settings as messages. Texts are cut, and what cannot be printed is replaced, until Parse takes them.
func (s Settings) Encode() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%s %s\n%s %d\n", wordSource, s.Source, wordHostname, s.Hostname, wordPort, s.Port)
	for _, w := range s.Wrong[:min(len(s.Wrong), maxWrong)] {
		fmt.Fprintf(&b, "%s %s\n", wordWrong, printable(w))
	}
	return []byte(b.String() + wordReady + "\n")
}

func printable(text string) string {
	const most = maxLine - len(wordWrong) - 1
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	if text == "" {
		return "?"
	}
	return text
}

// Parse reads messages. Of those that are not whole it takes the settings before them. It fails when there are none, or when anything
// is not as it must be.
func Parse(data []byte) (Settings, error) {
	if len(data) > MaxSize {
		return Settings{}, fmt.Errorf("messages: more than %d bytes", MaxSize)
	}
	s, seen, whole := Default(), make(map[string]bool), (*Settings)(nil)
	for line := range strings.Lines(string(data)) {
		line, ended := strings.CutSuffix(line, "\n")
		if !ended {
			break
		}
		if line == wordReady {
			done := s
			s, seen, whole = Default(), make(map[string]bool), &done
			continue
		}
		word, value, _ := strings.Cut(line, " ")
		if err := s.take(word, value, seen); err != nil {
			return Settings{}, fmt.Errorf("message %.40q: %w", line, err)
		}
	}
	if whole == nil {
		return Settings{}, errors.New("messages: not whole")
	}
	return *whole, nil
}

func (s *Settings) take(word, value string, seen map[string]bool) error {
	if seen[word] && word != wordWrong {
		return errors.New("comes twice")
	}
	seen[word] = true
	switch word {
	case wordSource:
		s.Source = Source(value)
		if s.Source != Owner && s.Source != LastGood && s.Source != Defaults {
			return errors.New("no such source")
		}
	case wordHostname:
		s.Hostname = value
		return CheckHostname(value)
	case wordPort:
		port, err := strconv.ParseUint(value, 10, 16)
		s.Port = uint16(port)
		return err
	case wordWrong:
		if len(s.Wrong) == maxWrong || printable(value) != value {
			return errors.New("too many, too long, or not printable")
		}
		s.Wrong = append(s.Wrong, value)
	default:
		return errors.New("no such message")
	}
	return nil
}

// CheckHostname takes one label of RFC 1123, 2.1.
func CheckHostname(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	foreign := func(r rune) bool { return !strings.ContainsRune(letters, r) }
	if name == "" || len(name) > 63 || strings.ContainsFunc(name, foreign) || strings.Trim(name, "-") != name {
		return errors.New("want letters, digits and inner hyphens, 63 at most")
	}
	return nil
}
