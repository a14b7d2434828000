// Package nut serves NUT's network protocol (docs/net-protocol.txt).
package nut

import (
	"bytes"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/trouble"
)

// Limits of what a client sends, in bytes. A line over maxLine is refused, one over maxJunk ends the session.
const (
	maxLine = 1024
	maxJunk = 64 << 10
)

// maxBatch is about how many bytes of answers to pipelined requests are collected for one write.
const maxBatch = 16 << 10

// Host is what all sessions of a server share.
type Host struct {
	Registry *Registry
	Users    *Users
	Version  string // as VER tells it
	Strict   bool   // only RFC 9271's names
	Keeper   Keeper // of FSD; nil: it ends with the process
	Logger   *slog.Logger

	anonymous atomic.Pointer[Anonymous]
	security  atomic.Pointer[Security]
	outdated  outdated

	startsOnce sync.Once
	handshakes handshakes

	guessersOnce sync.Once
	guessers     trouble.Trouble

	tracker  tracker
	changing sync.Mutex // held while FSD of a UPS changes
	saving   sync.WaitGroup
	nextID   func() string // of an order; random if nil
}

// Session is the server's side of one connection as a state machine: bytes in, bytes out. It is used by one goroutine.
type Session struct {
	host *Host
	addr string // the client's, without port

	*taking // during Take

	line   []byte // begin of a line whose end has not come
	length int    // of that line, kept or not

	username, password string
	loggedIn           *UPS

	ip       netip.Addr // addr, if it is one
	user     *account   // whom it has proved to be
	verified *accounts  // by which
	verdict  verdict    // on that

	hasUsername, hasPassword bool
	tracking                 bool
	refused                  bool // an order, which the log has
	trusted                  bool // may do everything
	closed                   bool
	starting                 bool // TLS

	peer *peer // nil: in the clear

	lines uint32 // whose end has come
}

// taking is what only a session at work needs: there are many, idle most of the time.
type taking struct {
	split parseconf.Splitter
	out   []byte // the answers
}

// NewSession begins a session of the client at addr.
func NewSession(host *Host, addr string) *Session {
	ip, _ := netip.ParseAddr(addr)
	return &Session{host: host, addr: addr, ip: ip}
}

// NewTrustedSession begins a session on the card itself, of the named user, who needs no password and may do everything.
func NewTrustedSession(host *Host, user string) *Session {
	return &Session{host: host, addr: "127.0.0.1", username: user, hasUsername: true, hasPassword: true, trusted: true}
}

// Close undoes the client's LOGIN. The session must not be used again.
func (s *Session) Close() {
	if s.loggedIn != nil {
		s.loggedIn.logout(s)
		s.host.Logger.Info("client logged out", "user", s.username, "addr", s.addr, "ups", s.loggedIn.name)
		s.loggedIn = nil
	}
}

// Take consumes bytes from the client, cut anywhere, and appends the answers to dst. It may leave some of data for the
// next call, once the answers fill a write. After open turned false the connection is to be closed behind the reply. After
// STARTTLS it takes nothing more before upgrade.
func (s *Session) Take(dst, data []byte) (reply, rest []byte, open bool) {
	return s.take(new(taking), dst, data)
}

// take is Take with memory that is the session's until it returns.
func (s *Session) take(t *taking, dst, data []byte) (reply, rest []byte, open bool) {
	s.taking = t
	s.out = dst
	for len(data) > 0 && !s.closed && !s.starting && len(s.out)-len(dst) < maxBatch {
		part, after, complete := bytes.Cut(data, []byte{'\n'})
		data = after
		s.measure(len(part))
		if s.length > maxLine {
			s.line = nil
		} else if !complete {
			s.line = append(s.line, part...)
		} else if len(s.line) > 0 {
			s.line = append(s.line, part...)
			s.command(s.line)
		} else {
			s.command(part)
		}
		if complete {
			s.line, s.length = nil, 0
			s.lines++
		}
	}
	if s.starting && len(data) > 0 {
		s.injected()
	}
	reply, s.out = s.out, nil
	s.taking = nil
	return reply, data, !s.closed
}

// measure adds n bytes to the line's length and answers when it grows too long, whether its end ever comes or not.
func (s *Session) measure(n int) {
	before := s.length
	s.length += n
	if before <= maxLine && s.length > maxLine {
		s.err(errInvalidArgument)
	}
	if s.length > maxJunk {
		s.closed = true
	}
}

// command answers one line.
func (s *Session) command(line []byte) {
	words, err := s.split.Split(line)
	switch {
	case err != nil:
		s.err(errInvalidArgument)
		return
	case len(words) == 0:
		s.err(errUnknownCommand)
		return
	}
	for i := range commands {
		c := &commands[i]
		if !equalFold(words[0], c.name) || s.host.Strict && c.old {
			continue
		}
		if !s.allowed(c.name) {
			return
		}
		if c.needsUser && !s.identified() {
			return
		}
		c.run(s, words[1:])
		return
	}
	s.err(errUnknownCommand)
}

// identified answers with an error unless the client gave a name and a password, right or wrong.
func (s *Session) identified() bool {
	switch {
	case !s.hasUsername:
		s.err(errUsernameRequired)
	case !s.hasPassword:
		s.err(errPasswordRequired)
	default:
		return true
	}
	return false
}

// equalFold compares a word with a name, case aside.
func equalFold(word []byte, name string) bool {
	return len(word) == len(name) && bytes.EqualFold(word, []byte(name))
}
