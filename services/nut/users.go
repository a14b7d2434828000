package nut

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// User may do what the configuration grants.
type User struct {
	Name, Password string
	Monitor        bool     // may LOGIN, as an upsmon
	Primary        bool     // may PRIMARY and FSD, as the upsmon that shuts down last
	FSD            bool     // may FSD; a primary may then end it too
	Set            bool     // may SET VAR
	AnyCommand     bool     // may INSTCMD whatever there is
	Commands       []string // may INSTCMD these; case does not matter
}

// Users checks credentials. It holds no password in clear.
type Users struct {
	byName map[string]credential
}

type credential struct {
	sum [sha256.Size]byte
	rights
}

// rights are what a user may do.
type rights struct {
	monitor, primary, fsd, set, anyCommand bool
	commands                               map[string]bool // in lower case
}

func (r rights) mayCommand(name string) bool {
	return r.anyCommand || r.commands[strings.ToLower(name)]
}

// NewUsers leaves users without a password out: nobody can be them.
func NewUsers(list []User) *Users {
	u := &Users{byName: make(map[string]credential, len(list))}
	for _, user := range list {
		if user.Password == "" {
			continue
		}
		c := credential{sha256.Sum256([]byte(user.Password)), rights{
			user.Monitor || user.Primary, user.Primary, user.FSD, user.Set, user.AnyCommand, make(map[string]bool)}}
		for _, name := range user.Commands {
			c.commands[strings.ToLower(name)] = true
		}
		u.byName[user.Name] = c
	}
	return u
}

// rights returns what the user of that name and password may do, and whether there is such a user. The time it takes does
// not depend on how much of a password is right.
func (u *Users) rights(name, password string) (rights, bool) {
	want, known := u.byName[name]
	sum := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(sum[:], want.sum[:]) != 1 || !known {
		return rights{}, false
	}
	return want.rights, true
}
