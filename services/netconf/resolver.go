package netconf

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// resolver writes resolv.conf(5) of what all interfaces know.
type resolver struct {
	dir   string
	fixed []netip.Addr // before all others

	mu     sync.Mutex
	leases []rankedLease // the best interface's first
}

type rankedLease struct {
	rank  int
	lease Lease
}

// set takes the lease of the interface with that rank; the zero Lease is none.
func (r *resolver) set(rank int, lease Lease) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leases = slices.DeleteFunc(r.leases, func(l rankedLease) bool { return l.rank == rank })
	if lease.Duration > 0 {
		r.leases = append(r.leases, rankedLease{rank, lease})
		slices.SortFunc(r.leases, func(a, b rankedLease) int { return cmp.Compare(a.rank, b.rank) })
	}
	var leases []Lease
	for _, l := range r.leases {
		leases = append(leases, l.lease)
	}
	return writeResolvConf(r.dir, resolvConf(r.fixed, leases))
}

// maxServers is how many name servers the resolvers of C libraries look at.
const maxServers = 3

func resolvConf(fixed []netip.Addr, leases []Lease) string {
	var domains []string
	servers := slices.Clone(fixed)
	for _, l := range leases {
		if l.Domain != "" && !slices.Contains(domains, l.Domain) {
			domains = append(domains, l.Domain)
		}
		for _, a := range l.DNS {
			if !slices.Contains(servers, a) {
				servers = append(servers, a)
			}
		}
	}
	var b strings.Builder
	if len(domains) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(domains, " "))
	}
	for _, a := range servers[:min(len(servers), maxServers)] {
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	return b.String()
}

// writeResolvConf replaces resolv.conf in one step.
func writeResolvConf(dir, text string) error {
	path := filepath.Join(dir, "resolv.conf")
	err := os.WriteFile(path+".new", []byte(text), 0o644)
	if err = errors.Join(err, os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("resolv.conf: %w", err)
	}
	return nil
}
