package nut

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/upscard/upscard/services/password"
)

// mark stands for a name with its password, under a key that nobody knows and that ends with the process.
type mark [sha256.Size]byte

// secret is what a password is compared with.
type secret struct {
	hashed *password.Hashed     // nil: known is all there is to know
	known  atomic.Pointer[mark] // of a password that was found right, nil while none was
}

// isNone reports whether there is no password at all.
func (s *secret) isNone() bool { return s.hashed == nil && s.known.Load() == nil }

// Users checks credentials. It holds no password in clear, and only one that is hashed takes time: once, then it is known.
type Users struct {
	key       [32]byte
	now       atomic.Pointer[accounts]
	verifying sync.Mutex // held for one hash at a time: its memory and time are the board's
	guesses   limiter
	dummy     password.Hashed // what takes the time of a user who is none
}

// NewUsers returns users whom Replace may replace.
func NewUsers(list []User) *Users {
	u := new(Users)
	rand.Read(u.key[:])
	u.dummy, _ = password.Parse(dummyHash)
	u.Replace(list)
	return u
}

// dummyHash is nobody's.
const dummyHash = "$argon2id$v=19$m=4096,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Replace puts other users in force. Who is logged in stays so.
func (u *Users) Replace(list []User) { u.now.Store(newAccounts(list, u.mark)) }

func (u *Users) mark(name, password string) (m mark) {
	h := hmac.New(sha256.New, u.key[:])
	h.Write([]byte{byte(len(name) >> 8), byte(len(name))})
	h.Write([]byte(name))
	h.Write([]byte(password))
	h.Sum(m[:0])
	return m
}

// verdict is what a look at a name and a password has brought.
type verdict int

const (
	wrong verdict = iota
	right
	unheard // nobody looked: too many wrong ones came from there
)

// verify looks for the user of that name and password. The time it takes does not depend on how much of a password is right. An
// address that guesses is not listened to for a while, but for passwords that are known to be right.
func (u *Users) verify(all *accounts, name, password string, from netip.Addr) (*account, verdict) {
	a := all.byName[name]
	m := u.mark(name, password)
	if a != nil {
		if known := a.right.known.Load(); known != nil && subtle.ConstantTimeCompare(known[:], m[:]) == 1 {
			return a, right
		}
	}
	if !u.guesses.take(from) {
		return nil, unheard
	}
	if !all.hashed || a != nil && a.right.hashed == nil || !u.matches(a, password) {
		return nil, wrong
	}
	u.guesses.give(from)
	a.right.known.Store(&m)
	return a, right
}

// matches compares a password with the hash of a user, nil for none.
func (u *Users) matches(a *account, password string) bool {
	u.verifying.Lock()
	defer u.verifying.Unlock()
	if a == nil {
		u.dummy.Matches(password)
		return false
	}
	return a.right.hashed.Matches(password)
}
