package nut

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/upscard/upscard/services/ups"
)

// UPS is one UPS that the server offers.
type UPS struct {
	name  string
	store *ups.Store
	came  atomic.Bool

	feed    *ups.Store
	fsd     atomic.Bool // what meta has
	view    atomic.Pointer[view]
	missing atomic.Pointer[map[string]string] // variables that clients want whether there is a value or not

	mu     sync.Mutex
	desc   string
	driver Driver     // nil until one came
	logins []*Session // oldest first
	meta   meta
}

// Name is the name that clients use.
func (u *UPS) Name() string { return u.name }

// Describe gives the UPS another description.
func (u *UPS) Describe(desc string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.desc = desc
	u.tell()
}

// description is what clients are told, empty where there is none.
func (u *UPS) description() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.desc
}

// Store holds the state. Whoever follows the driver sets it.
func (u *UPS) Store() *ups.Store { return u.store }

// DriverCame records that a driver has told this UPS's state once. From then on its absence is called stale data: to
// a client that watches a power failure, a driver that died is no driver that was never configured.
func (u *UPS) DriverCame() { u.came.Store(true) }

// DrivenBy tells who takes orders from now on.
func (u *UPS) DrivenBy(d Driver) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.driver = d
}

func (u *UPS) give(o ups.Order, done func(ups.Result)) error {
	u.mu.Lock()
	d := u.driver
	u.mu.Unlock()
	if d == nil {
		return errNoDriver
	}
	return d.Give(o, done)
}

// current returns the snapshot if it may be shown, else the error that says why not.
func (u *UPS) current() (*ups.Snapshot, errorCode) {
	snap := u.store.Get()
	switch {
	case snap.Freshness() == ups.Fresh:
		return u.shown(snap), ""
	case snap.Freshness() == ups.Absent && !u.came.Load():
		return nil, errDriverNotConnected
	default:
		return nil, errDataStale
	}
}

func (u *UPS) login(s *Session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.logins = append(u.logins, s)
	u.tell()
}

func (u *UPS) logout(s *Session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.logins = slices.DeleteFunc(u.logins, func(t *Session) bool { return s == t })
	u.tell()
}

// Logins is how many clients are logged in.
func (u *UPS) Logins() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.logins)
}

// clients returns the addresses of those logged in.
func (u *UPS) clients() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]string, 0, len(u.logins))
	for _, s := range u.logins {
		list = append(list, s.addr)
	}
	return list
}

func newUPS(name, desc string) *UPS {
	u := &UPS{name: name, desc: desc, store: ups.NewStore(), feed: ups.NewStore(), meta: newMeta()}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tell()
	return u
}

// Registry is the list of UPSes, which only grows. Its zero value is empty.
type Registry struct {
	mu      sync.Mutex // held by all that change it
	list    atomic.Pointer[[]*UPS]
	latched map[string]bool   // UPSes that have FSD set, by their names in lower case
	common  map[string]string // told on each UPS's feed; replaced, never modified
	aliases atomic.Pointer[map[string]string]
}

// Add returns the UPS of that name, which it adds at the end of the list if it is new. Case does not tell names apart.
func (r *Registry) Add(name, desc string) *UPS {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.own([]byte(name)); u != nil {
		return u
	}
	u := newUPS(name, desc)
	u.tellBesides(r.common)
	if r.latched[strings.ToLower(name)] {
		u.setFSD(true)
	}
	list := append(slices.Clone(r.All()), u)
	r.list.Store(&list)
	return u
}

// Tell tells a variable of the server itself, as "server.version", on the feeds of all UPSes.
func (r *Registry) Tell(name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := map[string]string{name: value}
	for k, v := range r.common {
		if k != name {
			next[k] = v
		}
	}
	r.common = next
	for _, u := range r.All() {
		u.tellBesides(next)
	}
}

// All returns the UPSes in order. The caller must not modify it.
func (r *Registry) All() []*UPS {
	if p := r.list.Load(); p != nil {
		return *p
	}
	return nil
}

// Alias makes these the names, in lower case, by which UPSes can be asked for besides their own, which come first.
func (r *Registry) Alias(names map[string]string) { r.aliases.Store(&names) }

// Has reports whether a UPS has the name itself.
func (r *Registry) Has(name string) bool { return r.own([]byte(name)) != nil }

// Find returns the UPS of that name or alias, or nil.
func (r *Registry) Find(name string) *UPS { return r.lookup([]byte(name)) }

func (r *Registry) lookup(name []byte) *UPS {
	if u := r.own(name); u != nil {
		return u
	}
	aliases := r.aliases.Load()
	if aliases == nil || len(*aliases) == 0 {
		return nil
	}
	return r.own([]byte((*aliases)[strings.ToLower(string(name))]))
}

// own returns the UPS that has the name itself, or nil.
func (r *Registry) own(name []byte) *UPS {
	for _, u := range r.All() {
		if len(u.name) == len(name) && bytes.EqualFold([]byte(u.name), name) {
			return u
		}
	}
	return nil
}
