package nut

import (
	"crypto/sha256"
	"crypto/subtle"
)

// User may do what the configuration grants.
type User struct {
	Name, Password string
	Monitor        bool // may LOGIN, as an upsmon
}

// Users checks credentials. It holds no password in clear.
type Users struct {
	byName map[string]credential
}

type credential struct {
	sum     [sha256.Size]byte
	monitor bool
}

// NewUsers leaves users without a password out: nobody can be them.
func NewUsers(list []User) *Users {
	u := &Users{byName: make(map[string]credential, len(list))}
	for _, user := range list {
		if user.Password != "" {
			u.byName[user.Name] = credential{sha256.Sum256([]byte(user.Password)), user.Monitor}
		}
	}
	return u
}

// mayLogin reports whether the credentials are those of a user who may LOGIN. The time it takes does not depend on how
// much of a password is right.
func (u *Users) mayLogin(name, password string) bool {
	want, known := u.byName[name]
	sum := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(sum[:], want.sum[:]) == 1
	return same && known && want.monitor
}
