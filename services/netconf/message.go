package netconf

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

const (
	defaultDuration  = time.Hour        // where a server names none
	shortestDuration = 10 * time.Second // a server that names less would have us ask all the time
	maxRoutes        = 32
	maxDNS           = 3 // what a resolver reads
)

// leaseFrom reads a server's ACK. What it leaves out is taken from held, the lease that it prolongs, if any. shortest bounds the
// lease's duration from below.
func leaseFrom(ack *dhcpv4.DHCPv4, held Lease, acquired time.Time, shortest time.Duration) (Lease, error) {
	ip, ok := address(ack.YourIPAddr)
	if !ok || !ip.IsGlobalUnicast() {
		return Lease{}, fmt.Errorf("DHCP: %v is no address for a host", ack.YourIPAddr)
	}
	bits, err := prefixLength(ack.SubnetMask(), ip, held)
	if err != nil {
		return Lease{}, err
	}
	lease := Lease{
		Address:  netip.PrefixFrom(ip, bits),
		Server:   held.Server,
		Routes:   routes(ack),
		DNS:      addresses(ack.DNS(), maxDNS),
		Acquired: acquired,
		Duration: max(ack.IPAddressLeaseTime(defaultDuration), shortest),
	}
	if server, ok := address(ack.ServerIdentifier()); ok {
		lease.Server = server
	}
	if name := ack.DomainName(); validDomain(name) {
		lease.Domain = name
	}
	lease.T1 = ack.IPAddressRenewalTime(lease.Duration / 2)
	lease.T2 = ack.IPAddressRebindingTime(lease.Duration / 8 * 7)
	if lease.T1 <= 0 || lease.T1 >= lease.T2 || lease.T2 >= lease.Duration {
		lease.T1, lease.T2 = lease.Duration/2, lease.Duration/8*7
	}
	return lease, nil
}

func prefixLength(mask net.IPMask, ip netip.Addr, held Lease) (int, error) {
	if len(mask) == 0 {
		if held.Address.Addr() == ip {
			return held.Address.Bits(), nil
		}
		mask = net.IP(ip.AsSlice()).DefaultMask()
	}
	ones, size := mask.Size()
	if size != 32 || ones < 1 {
		return 0, fmt.Errorf("DHCP: %v is no subnet mask", mask)
	}
	return ones, nil
}

// routes prefers classless static routes, which replace the router option (RFC 3442).
func routes(ack *dhcpv4.DHCPv4) (out []Route) {
	for _, r := range ack.ClasslessStaticRoute() {
		to, ok := address(r.Dest.IP)
		if !ok || len(out) == maxRoutes {
			continue
		}
		ones, _ := r.Dest.Mask.Size()
		route := Route{To: netip.PrefixFrom(to, ones).Masked()}
		if gateway, ok := address(r.Router); ok && gateway.IsGlobalUnicast() {
			route.Gateway = gateway
		}
		out = append(out, route)
	}
	if len(out) > 0 {
		return out
	}
	for _, gateway := range addresses(ack.Router(), 1) {
		out = append(out, Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Gateway: gateway})
	}
	return out
}

func addresses(ips []net.IP, most int) (out []netip.Addr) {
	for _, ip := range ips {
		if a, ok := address(ip); ok && a.IsGlobalUnicast() && len(out) < most {
			out = append(out, a)
		}
	}
	return out
}

func address(ip net.IP) (netip.Addr, bool) {
	a, ok := netip.AddrFromSlice(ip.To4())
	return a, ok
}

// validDomain keeps out of resolv.conf what is no name: a server could otherwise write lines of its own.
func validDomain(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	foreign := func(r rune) bool { return !strings.ContainsRune(letters, r) }
	return name != "" && len(name) <= 253 && !strings.ContainsFunc(name, foreign)
}
