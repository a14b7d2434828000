// Package netconf keeps network interfaces as they were planned.
package netconf

import (
	"net/netip"
	"slices"
	"time"
)

// Lease is what a DHCP server lets us have (RFC 2131).
type Lease struct {
	Address netip.Prefix
	Server  netip.Addr
	Routes  []Route
	DNS     []netip.Addr
	Domain  string // "" or a name that was checked

	Acquired         time.Time // when the request was sent
	T1, T2, Duration time.Duration
}

// Route is a way through a gateway, or to the link itself when Gateway is the zero Addr.
type Route struct {
	To      netip.Prefix
	Gateway netip.Addr
}

// Renewal, Rebinding and Expiry are the points in time of RFC 2131, 4.4.5.
func (l Lease) Renewal() time.Time   { return l.Acquired.Add(l.T1) }
func (l Lease) Rebinding() time.Time { return l.Acquired.Add(l.T2) }
func (l Lease) Expiry() time.Time    { return l.Acquired.Add(l.Duration) }

// same tells whether the leases set the machine up in the same way, whatever their times.
func (l Lease) same(other Lease) bool {
	return l.Address == other.Address && slices.Equal(l.Routes, other.Routes) && slices.Equal(l.DNS, other.DNS) &&
		l.Domain == other.Domain
}
