package nut

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/upscard/upscard/services/password"
)

// User may do what the configuration grants.
type User struct {
	Name, Password string         // in clear, or hashed by services/password
	Monitor        bool           // may LOGIN, as an upsmon
	Primary        bool           // may PRIMARY and FSD, as the upsmon that shuts down last
	FSD            bool           // may FSD; a primary may then end it too
	Set            bool           // may SET VAR
	AnyCommand     bool           // may INSTCMD whatever there is
	Commands       []string       // may INSTCMD these; case does not matter
	UPS            []string       // has to do with these only; all if empty
	From           []netip.Prefix // is nobody elsewhere; anywhere if empty
	Cert           string         // the name in his certificate, or its Fingerprint; is nobody without it
	StatusWords    []string       // is shown these words of ups.status only; all if empty
}

// rights are what a user may do.
type rights struct {
	monitor, primary, fsd, set, anyCommand bool
	commands                               map[string]bool // in lower case
}

func (r rights) mayCommand(name string) bool {
	return r.anyCommand || r.commands[strings.ToLower(name)]
}

// account is a user as the server knows him.
type account struct {
	rights
	upses []string
	from  []netip.Prefix
	words []string
	cert  string
	right secret // what a right password gives
}

// accounts is one state of the configuration.
type accounts struct {
	byName  map[string]*account
	hashed  bool // some of them are
	filters bool // some are shown a part of ups.status
}

// newAccounts leaves users without a password or a certificate out, and those whose hash is none: nobody can be them.
func newAccounts(list []User, keyed func(name, password string) mark) *accounts {
	all := &accounts{byName: make(map[string]*account, len(list))}
	for _, user := range list {
		if user.Password == "" && user.Cert == "" {
			continue
		}
		a := &account{rights{user.Monitor || user.Primary, user.Primary, user.FSD, user.Set, user.AnyCommand, make(map[string]bool)},
			user.UPS, user.From, user.StatusWords, user.Cert, secret{}}
		for _, name := range user.Commands {
			a.commands[strings.ToLower(name)] = true
		}
		if strings.HasPrefix(user.Password, password.Prefix) {
			hashed, err := password.Parse(user.Password)
			if err != nil {
				continue
			}
			a.right.hashed = &hashed
			all.hashed = true
		} else if user.Password != "" {
			m := keyed(user.Name, user.Password)
			a.right.known.Store(&m)
		}
		all.filters = all.filters || len(user.StatusWords) > 0
		all.byName[user.Name] = a
	}
	return all
}

// isFrom reports whether the user's clients are where this address is.
func (a *account) isFrom(addr netip.Addr) bool { return len(a.from) == 0 || within(a.from, addr) }

// covers reports whether the user has to do with the UPS.
func (a *account) covers(r *Registry, u *UPS) bool {
	return len(a.upses) == 0 || slices.ContainsFunc(a.upses, func(name string) bool { return r.Find(name) == u })
}

// within reports whether an address is in one of the networks. An IPv6 address has no zone to them.
func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr.WithZone("")) })
}
