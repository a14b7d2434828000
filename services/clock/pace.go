package clock

import (
	"slices"
	"time"
)

// The pace of polling. RFC 4330 section 10 asks for 15 s at least between two questions to a server, then for back-off.
const (
	minRetry = 16 * time.Second
	minPoll  = 64 * time.Second
	maxPoll  = 2048 * time.Second
)

// maxServers bounds how many servers of the list are asked.
const maxServers = 8

// outcome is how a round of questions ended.
type outcome int

const (
	failed outcome = iota // nothing was learnt
	unsure                // what was learnt must be confirmed
	fine
)

// pace is the time to the next round; the zero value is before the first one.
type pace struct {
	last outcome
	wait time.Duration
}

// after returns the pace after a round: it doubles while rounds end alike, and begins anew when they do not.
func (p pace) after(o outcome) pace {
	first := map[outcome]time.Duration{failed: minRetry, unsure: minPoll, fine: minPoll}[o]
	if p.wait == 0 || p.last != o || o == unsure {
		return pace{o, first}
	}
	return pace{o, min(2*p.wait, maxPoll)}
}

// A kiss of death (RFC 5905 section 7.4) says how a server wants to be treated.
const (
	kissRate     = "RATE" // ask less often
	kissDeny     = "DENY" // do not ask
	kissRestrict = "RSTR" // do not ask
)

// rests knows which servers are left alone, by name.
type rests map[string]rest

type rest struct {
	until  time.Time // zero is for ever
	length time.Duration
}

// kiss notes what a server wants.
func (r rests) kiss(server, code string, now time.Time) {
	switch code {
	case kissDeny, kissRestrict:
		r[server] = rest{}
	case kissRate:
		length := max(maxPoll, 2*r[server].length)
		r[server] = rest{now.Add(length), length}
	}
}

// awake returns the servers that may be asked, each once, forgetting those that are no longer listed.
func (r rests) awake(servers []string, now time.Time) []string {
	for server := range r {
		if !slices.Contains(servers, server) {
			delete(r, server)
		}
	}
	var list []string
	for _, server := range servers {
		rest, resting := r[server]
		if resting && (rest.until.IsZero() || now.Before(rest.until)) || slices.Contains(list, server) || server == "" {
			continue
		}
		list = append(list, server)
	}
	return list[:min(len(list), maxServers)]
}
