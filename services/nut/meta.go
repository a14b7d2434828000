package nut

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// maxEvents is how many events of a UPS stay.
const maxEvents = 32

// The events that a server makes on its own.
const (
	eventFSD     = "FSD"
	eventNoFSD   = "NOFSD"
	eventCommOK  = "COMMOK"
	eventCommBad = "COMMBAD"
)

// event is one line of a UPS's log.
type event struct {
	seq  int64
	at   time.Time
	word string
}

// meta is what the server itself knows of a UPS. The UPS's mu guards it.
type meta struct {
	fsd     bool
	started int64 // Unix time in milliseconds
	next    int64 // sequence number of the next event
	events  []event
	common  map[string]string // what is told of every UPS
	store   *ups.Store        // all of it, as variables under server.*
}

// newMeta begins to count at the time in milliseconds: a reader that outlives a server sees numbers that only grow.
func newMeta() meta {
	now := time.Now().UnixMilli()
	return meta{started: now, next: now, store: ups.NewStore()}
}

// add appends an event. What is too old goes.
func (m *meta) add(word string) {
	if len(m.events) == maxEvents {
		m.events = slices.Delete(m.events, 0, 1)
	}
	m.events = append(m.events, event{m.next, time.Now(), word})
	m.next++
}

func eventName(seq int64) string { return fmt.Sprintf("server.event.%d", seq) }

func eventText(at time.Time, word string) string { return fmt.Sprintf("%d %s", at.Unix(), word) }

// tell stores the variables of a UPS anew. The caller holds mu.
func (u *UPS) tell() {
	fsd := "no"
	if u.meta.fsd {
		fsd = "yes"
	}
	vars := map[string]ups.Var{
		"server.description": {Value: u.desc},
		"server.started":     {Value: strconv.FormatInt(u.meta.started, 10)},
		"server.numlogins":   {Value: strconv.Itoa(len(u.logins))},
		"server.fsd":         {Value: fsd},
	}
	for name, value := range u.meta.common {
		vars[name] = ups.Var{Value: value}
	}
	for _, e := range u.meta.events {
		vars[eventName(e.seq)] = ups.Var{Value: eventText(e.at, e.word)}
	}
	u.meta.store.Set(ups.NewSnapshot(vars, nil, ups.Fresh, time.Now()))
}

// tellBesides tells these variables, which are never modified, besides the UPS's own.
func (u *UPS) tellBesides(common map[string]string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.meta.common = common
	u.tell()
}

// setFSD shows FSD to clients, or shows it no more.
func (u *UPS) setFSD(on bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.meta.fsd == on {
		return
	}
	u.meta.fsd = on
	u.fsd.Store(on)
	if on {
		u.meta.add(eventFSD)
	} else {
		u.meta.add(eventNoFSD)
	}
	u.tell()
}

// note adds an event.
func (u *UPS) note(word string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.meta.add(word)
	u.tell()
}
