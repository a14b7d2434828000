// Package guests bounds how many clients there are at a time.
package guests

import (
	"net"
	"net/netip"
	"sync"
)

// List counts those who are there. It must not be copied.
type List struct {
	most, mostOf int

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// NewList returns a list with room for so many in all, and for so many from one place. 0 is for as many as come.
func NewList(most, mostOf int) *List {
	return &List{most: most, mostOf: mostOf, of: make(map[netip.Prefix]int)}
}

// Entry is what becomes of one who comes.
type Entry uint8

const (
	Welcome Entry = iota
	TooMany
	TooManyThere
)

// Enter counts one in from a place that may be none, unless there are too many.
func (l *List) Enter(from netip.Prefix) Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.most > 0 && l.all >= l.most:
		return TooMany
	case l.mostOf > 0 && l.of[from] >= l.mostOf:
		return TooManyThere
	}
	l.all++
	if from.IsValid() {
		l.of[from]++
	}
	return Welcome
}

// Leave counts out one who was welcome.
func (l *List) Leave(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if left := l.of[from] - 1; left > 0 {
		l.of[from] = left
	} else {
		delete(l.of, from)
	}
}

// Len is how many are there.
func (l *List) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

// Address is where a client is.
type Address struct {
	Name  string       // as LIST CLIENT shows it: no port, and IPv4 as such on a socket that takes both
	IP    netip.Addr   // none of what is not on a network
	Place netip.Prefix // by which its connections are counted; none for programs on the card, which may stand for many
}

// Of returns where the other end of a connection is: nowhere if it has gone already, and the system knows it no more.
func Of(addr net.Addr) Address {
	switch addr := addr.(type) {
	case nil:
		return Address{}
	case *net.TCPAddr:
		return At(addr.AddrPort().Addr())
	}
	return Address{Name: addr.String()}
}

// At is the Address of an IP address.
func At(ip netip.Addr) Address {
	ip = ip.Unmap()
	if !ip.IsValid() || ip.IsLoopback() {
		return Address{Name: ip.String(), IP: ip}
	}
	return Address{ip.String(), ip, Place(ip)}
}

// Place is an address as far as it tells one client from another: whoever has an IPv6 network has all its addresses.
func Place(ip netip.Addr) netip.Prefix {
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.WithZone("").Prefix(bits)
	return p
}
