package nut

import (
	"net/netip"
	"sync"
	"time"

	"github.com/upscard/upscard/services/guests"
)

// Of one address so many guesses are heard at once, then one each time that this takes.
const (
	maxGuesses  = 10
	guessPeriod = 2 * time.Second
)

// maxGuessers bounds the addresses that are remembered.
const maxGuessers = 1024

// limiter counts wrong passwords by address. Its zero value is ready.
type limiter struct {
	mu sync.Mutex
	by map[netip.Prefix]time.Time // when the last guess of it is forgotten
}

// take counts a guess, and reports false if there were too many.
func (l *limiter) take(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, at := time.Now(), guests.Place(addr)
	until := l.by[at]
	if until.Before(now) {
		until = now
	}
	if until = until.Add(guessPeriod); until.Sub(now) > maxGuesses*guessPeriod {
		return false
	}
	if l.by == nil {
		l.by = make(map[netip.Prefix]time.Time)
	}
	if _, known := l.by[at]; !known && len(l.by) >= maxGuessers {
		l.forget(now)
	}
	l.by[at] = until
	return true
}

// give takes a guess back: it was right.
func (l *limiter) give(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := guests.Place(addr)
	if until, known := l.by[at]; known {
		l.by[at] = until.Add(-guessPeriod)
	}
}

// forget drops the addresses whose guesses are forgotten, or else the one that is nearest to it. The caller holds mu.
func (l *limiter) forget(now time.Time) {
	var nearest netip.Prefix
	var soonest time.Time
	for at, until := range l.by {
		if until.Before(now) {
			delete(l.by, at)
			continue
		}
		if soonest.IsZero() || until.Before(soonest) {
			nearest, soonest = at, until
		}
	}
	if len(l.by) >= maxGuessers {
		delete(l.by, nearest)
	}
}
