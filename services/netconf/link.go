package netconf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Link is a network interface.
type Link struct {
	Name    string
	Index   int // 0: there is none
	MAC     net.HardwareAddr
	Up      bool
	Carrier bool
	Losses  int // how often the carrier was lost; a short loss may be over when we look
}

func (l Link) equal(other Link) bool {
	return l.Name == other.Name && l.Index == other.Index && l.Up == other.Up && l.Carrier == other.Carrier && l.Losses == other.Losses &&
		bytes.Equal(l.MAC, other.MAC)
}

// choose picks the interface to use: the one in use while it has a carrier, else the first that has, else the one in use, else the
// first.
func choose(candidates []Link, current int) Link {
	rank := func(l Link) int {
		r := 0
		if !l.Carrier {
			r += 2
		}
		if l.Index != current {
			r++
		}
		return r
	}
	best := Link{}
	for _, l := range candidates {
		if best.Index == 0 || cmp.Or(cmp.Compare(rank(l), rank(best)), cmp.Compare(l.Index, best.Index)) < 0 {
			best = l
		}
	}
	return best
}

// watcher follows the kernel's interfaces and knows the one to use.
type watcher struct {
	only  string // an interface's name; "": the first wired one
	sysfs string

	mu      sync.Mutex
	links   map[int]Link
	chosen  Link
	changed chan struct{} // closed and replaced when chosen becomes another
}

func newWatcher(only, sysfs string) *watcher {
	return &watcher{only: only, sysfs: sysfs, changed: make(chan struct{})}
}

// current returns the interface to use, and a channel that is closed when that is no longer true.
func (w *watcher) current() (Link, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chosen, w.changed
}

// run follows the kernel until ctx ends. It fails when messages were lost, and can then be run again.
func (w *watcher) run(ctx context.Context) error {
	updates, done := make(chan netlink.LinkUpdate), make(chan struct{})
	lost := make(chan error, 1)
	options := netlink.LinkSubscribeOptions{ListExisting: true, ErrorCallback: func(err error) {
		select {
		case lost <- err:
		default: // one is enough
		}
	}}
	if err := netlink.LinkSubscribeWithOptions(updates, done, options); err != nil {
		return fmt.Errorf("interfaces: %w", err)
	}
	defer func() { // the library's goroutine ends by closing updates
		close(done)
		for range updates {
		}
	}()
	w.mu.Lock()
	w.links = make(map[int]Link)
	w.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-lost:
			return fmt.Errorf("interfaces: %w", err)
		case u, ok := <-updates:
			if !ok {
				return errors.New("interfaces: no more messages")
			}
			w.update(u)
		}
	}
}

func (w *watcher) update(u netlink.LinkUpdate) {
	attrs := u.Attrs()
	l := Link{Name: attrs.Name, Index: attrs.Index, MAC: attrs.HardwareAddr,
		Up: attrs.RawFlags&unix.IFF_UP != 0, Carrier: attrs.RawFlags&unix.IFF_LOWER_UP != 0}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.links[l.Index]
	l.Losses = before.Losses
	if before.Carrier && !l.Carrier {
		l.Losses++
	}
	delete(w.links, l.Index)
	if u.Header.Type == unix.RTM_NEWLINK && w.usable(u.Link) {
		w.links[l.Index] = l
	}
	var all []Link
	for _, l := range w.links {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Link) int { return cmp.Compare(a.Index, b.Index) })
	if next := choose(all, w.chosen.Index); !next.equal(w.chosen) {
		w.chosen = next
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// usable tells whether the interface may be the one: by its name if one is given, else by being a wired Ethernet device.
func (w *watcher) usable(l netlink.Link) bool {
	attrs := l.Attrs()
	if w.only != "" {
		return attrs.Name == w.only
	}
	if attrs.EncapType != "ether" || l.Type() != "device" {
		return false
	}
	_, err := os.Stat(filepath.Join(w.sysfs, "class/net", attrs.Name, "phy80211"))
	return errors.Is(err, os.ErrNotExist)
}
