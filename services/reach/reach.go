// Package reach tells the card's other programs by which addresses clients can reach a program now.
//
// A program tells so on a feed (services/driversock) in a directory of its own. The kernel closes the feed of one that dies, however it does, and
// whoever reads it asks one that is silent: what nobody serves is not told, without anyone who cleans up.
package reach

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/ups"
)

// feed is what the feed is called; it has one variable for each service that the program has: "listening.NAME", "listening" of one without a name.
const feed = "listening"

// Dir is where a program tells, below the run directory.
func Dir(run, program string) string { return filepath.Join(run, program) }

// Teller is the end of the program that serves.
type Teller struct {
	store *ups.Store

	mu   sync.Mutex
	open map[string][]string // addresses by variable
}

// NewTeller tells that nothing can be reached yet.
func NewTeller() *Teller {
	t := &Teller{store: ups.NewStore(), open: make(map[string][]string)}
	t.publish()
	return t
}

// Open tells that a service, "" for a program's only one, is served at the address, until closed is called.
func (t *Teller) Open(service string, addr net.Addr) (closed func()) {
	name, text := feed, addr.String()
	if service != "" {
		name += "." + service
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[name] = append(t.open[name], text)
	t.publish()
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		i := slices.Index(t.open[name], text)
		t.open[name] = slices.Delete(t.open[name], i, i+1)
		if len(t.open[name]) == 0 {
			delete(t.open, name)
		}
		t.publish()
	})
}

func (t *Teller) publish() {
	vars := make(map[string]ups.Var, len(t.open))
	for name, addrs := range t.open {
		vars[name] = ups.Var{Value: strings.Join(slices.Sorted(slices.Values(addrs)), " ")}
	}
	t.store.Set(ups.NewSnapshot(vars, nil, ups.Fresh, time.Now()))
}

// Serve tells whoever may know until ctx ends. The directory must be the program's own: who reads trusts what is there.
func (t *Teller) Serve(ctx context.Context, dir string, opts driversock.ServeOptions) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { // init has made it on the card
		return err
	}
	ln, err := driversock.Listen(filepath.Join(dir, feeds.Prefix+feed))
	if err != nil {
		return err
	}
	return driversock.Serve(ctx, ln, t.store, nil, opts)
}

// Listening is what the program whose directory is followed tells: the addresses by service. A program that cannot be heard, or is silent, serves nothing.
func Listening(f *feeds.Feeds) map[string][]netip.AddrPort {
	snap := f.Get(feed)
	if snap == nil || snap.Freshness() != ups.Fresh {
		return nil
	}
	all := make(map[string][]netip.AddrPort)
	for _, name := range snap.Names() {
		if service, ok := strings.CutPrefix(name, feed); ok && len(all) < feeds.Max { // there are no more UPSes
			all[strings.TrimPrefix(service, ".")] = Parse(snap.Value(name))
		}
	}
	return all
}

// Parse reads addresses as ADDRESS:PORT with blanks in between. What is none is left out.
func Parse(text string) (list []netip.AddrPort) {
	for word := range strings.FieldsSeq(text) {
		if a, err := netip.ParseAddrPort(word); err == nil {
			list = append(list, a)
		}
	}
	return list
}
