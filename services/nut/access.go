package nut

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/upscard/upscard/services/trouble"
	"github.com/upscard/upscard/services/ups"
)

// Anonymous says who may read without a name and a password.
type Anonymous struct {
	Nobody bool
	From   []netip.Prefix // those there, everybody if empty
}

func (a *Anonymous) admits(addr netip.Addr) bool {
	return a == nil || !a.Nobody && (len(a.From) == 0 || within(a.From, addr))
}

// LimitAnonymous says who may read from now on. Without it everybody may.
func (h *Host) LimitAnonymous(a Anonymous) { h.anonymous.Store(&a) }

// account is the user that the client has proved to be, nil if it has not. It is looked for once, and again when the configuration has
// changed.
func (s *Session) account() *account {
	if !s.hasUsername || !s.hasPassword {
		return nil
	}
	now := s.host.Users.now.Load()
	if s.verified == now {
		return s.user
	}
	s.user, s.verdict = s.prove(now)
	if s.verdict == unheard {
		s.host.guessing().Again("addr", s.addr)
		return nil // but perhaps later
	}
	if s.verdict == right {
		s.host.guessing().Well()
	}
	s.verified = now
	return s.user
}

// guessing is the trouble that those make who guess passwords.
func (h *Host) guessing() *trouble.Trouble {
	h.guessersOnce.Do(func() {
		h.guessers = trouble.Trouble{Logger: h.Logger, What: "passwords not looked at: too many wrong ones from there"}
	})
	return &h.guessers
}

// allRights are those of the card's own primary.
var allRights = rights{monitor: true, primary: true, fsd: true, set: true, anyCommand: true}

// rights returns what the client may do with the UPS; if nothing, why is for the log.
func (s *Session) rights(u *UPS) (r rights, why string) {
	if s.trusted {
		return allRights, ""
	}
	a := s.account()
	switch {
	case a == nil && s.verdict == unheard:
		return rights{}, "too many wrong passwords"
	case a == nil:
		return rights{}, "wrong name or password"
	case !a.isFrom(s.ip):
		return rights{}, "not from this address"
	case !a.covers(s.host.Registry, u):
		return rights{}, "not for this UPS"
	}
	return a.rights, "no right to it"
}

// mayRead reports whether the client may read the UPS; nil is any.
func (s *Session) mayRead(u *UPS) bool {
	if s.trusted || s.host.anonymous.Load().admits(s.ip) {
		return true
	}
	a := s.account()
	return a != nil && a.isFrom(s.ip) && (u == nil || a.covers(s.host.Registry, u))
}

// told is a variable as the client is to see it: some know few words of ups.status, and ignore all of it for one that they do not know.
func (s *Session) told(name string, v ups.Var) ups.Var {
	if name != varStatus || s.trusted || !s.host.Users.now.Load().filters {
		return v
	}
	if a := s.account(); a != nil && len(a.words) > 0 {
		v.Value = onlyWords(v.Value, a.words)
	}
	return v
}

// onlyWords leaves a status the words that are listed, and FSD, which nobody may miss. One that would be empty stays as it is.
func onlyWords(status string, words []string) string {
	var kept []string
	for word := range strings.FieldsSeq(status) {
		if word == wordFSD || slices.Contains(words, word) {
			kept = append(kept, word)
		}
	}
	if len(kept) == 0 {
		return status
	}
	return strings.Join(kept, " ")
}
