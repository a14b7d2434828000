package nut

import (
	"net/netip"
	"sync"
)

// guests counts the connections that there are.
type guests struct {
	most, mostOf int // in all, from one place; 0: as many as come

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// What becomes of one who comes.
type entry uint8

const (
	welcome entry = iota
	tooMany
	tooManyThere
)

// enter counts one in from a place that may be none, unless there are too many.
func (g *guests) enter(from netip.Prefix) entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.most > 0 && g.all >= g.most:
		return tooMany
	case g.mostOf > 0 && g.of[from] >= g.mostOf:
		return tooManyThere
	}
	g.all++
	if from.IsValid() {
		g.of[from]++
	}
	return welcome
}

// leave counts out one who was welcome.
func (g *guests) leave(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if left := g.of[from] - 1; left > 0 {
		g.of[from] = left
	} else {
		delete(g.of, from)
	}
}

// address is where a client is.
type address struct {
	name  string       // as LIST CLIENT shows it: no port, and IPv4 as such on a socket that takes both
	place netip.Prefix // by which its connections are counted; none for programs on the card, which may stand for many
}

func addressOf(ip netip.Addr) address {
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return address{name: ip.String()}
	}
	return address{ip.String(), place(ip)}
}
