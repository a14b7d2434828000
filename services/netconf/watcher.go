package netconf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// watcher follows the kernel's interfaces and knows those that there is a plan for.
type watcher struct {
	plans []Plan
	sysfs string
	raise func(planned) error // sets an interface up: until it is, nobody knows whether it has a carrier

	mu      sync.Mutex
	links   map[int]planned
	changed chan struct{} // closed and replaced when links become others
}

// planned is an interface with its plan.
type planned struct {
	link Link
	plan Plan
	rank int
}

func newWatcher(plans []Plan, sysfs string, raise func(planned) error) *watcher {
	return &watcher{plans: plans, sysfs: sysfs, raise: raise, links: make(map[int]planned), changed: make(chan struct{})}
}

// current returns the interfaces, the best one first, and a channel that is closed when that is no longer true.
func (w *watcher) current() ([]planned, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.SortedFunc(maps.Values(w.links), func(a, b planned) int { return cmp.Compare(a.rank, b.rank) })
	return all, w.changed
}

// run follows the kernel until ctx ends. It fails when messages were lost or an interface is not set up, and can then be run again.
func (w *watcher) run(ctx context.Context) error {
	updates, done := make(chan netlink.LinkUpdate), make(chan struct{})
	lost := make(chan error, 1)
	options := netlink.LinkSubscribeOptions{ErrorCallback: func(err error) {
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
	if err := w.list(); err != nil { // not left to the library, whose way of asking needs CAP_NET_ADMIN
		return err
	}
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
			if err := w.update(u.Link, u.Header.Type == unix.RTM_NEWLINK); err != nil {
				return err
			}
		}
	}
}

// list takes the interfaces that are there now.
func (w *watcher) list() error {
	all, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("interfaces: %w", err)
	}
	w.mu.Lock()
	for index := range w.links {
		if !slices.ContainsFunc(all, func(l netlink.Link) bool { return l.Attrs().Index == index }) {
			delete(w.links, index)
			w.tell()
		}
	}
	w.mu.Unlock()
	errs := []error{}
	for _, l := range all {
		errs = append(errs, w.update(l, true))
	}
	return errors.Join(errs...)
}

// update takes an interface that has changed, or that is no longer there. One that there is a plan for is set up.
func (w *watcher) update(link netlink.Link, there bool) error {
	attrs := link.Attrs()
	p := planned{link: Link{Name: attrs.Name, Index: attrs.Index, MAC: attrs.HardwareAddr,
		Up: attrs.RawFlags&unix.IFF_UP != 0, Carrier: attrs.RawFlags&unix.IFF_LOWER_UP != 0}}
	var ok bool
	p.plan, p.rank, ok = planFor(w.plans, p.link, w.wired(link))
	there = there && ok
	w.take(p, there)
	if there && !p.link.Up {
		return w.raise(p)
	}
	return nil
}

func (w *watcher) take(p planned, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, known := w.links[p.link.Index]
	p.link.Losses = before.link.Losses
	if before.link.Carrier && !p.link.Carrier {
		p.link.Losses++
	}
	switch {
	case !there && !known, there && known && p.link.equal(before.link):
		return
	case there:
		w.links[p.link.Index] = p
	default:
		delete(w.links, p.link.Index)
	}
	w.tell()
}

// tell wakes those that wait. It is called with w.mu held.
func (w *watcher) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// wired tells whether the interface is a wired Ethernet device.
func (w *watcher) wired(l netlink.Link) bool {
	attrs := l.Attrs()
	if attrs.EncapType != "ether" || l.Type() != "device" {
		return false
	}
	_, err := os.Stat(filepath.Join(w.sysfs, "class/net", attrs.Name, "phy80211"))
	return errors.Is(err, os.ErrNotExist)
}
