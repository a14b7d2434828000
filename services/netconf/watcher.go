package netconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// watcher follows the kernel's interfaces and knows the one to use.
type watcher struct {
	only  string // an interface's name; "": the first wired one
	sysfs string
	raise func(Link) error // sets an interface up: until it is, nobody knows whether it has a carrier

	mu      sync.Mutex
	links   map[int]Link
	chosen  Link
	changed chan struct{} // closed and replaced when chosen becomes another
}

func newWatcher(only, sysfs string, raise func(Link) error) *watcher {
	return &watcher{only: only, sysfs: sysfs, raise: raise, links: make(map[int]Link), changed: make(chan struct{})}
}

// current returns the interface to use, and a channel that is closed when that is no longer true.
func (w *watcher) current() (Link, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chosen, w.changed
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
		}
	}
	w.mu.Unlock()
	errs := []error{}
	for _, l := range all {
		errs = append(errs, w.update(l, true))
	}
	return errors.Join(errs...)
}

// update takes an interface that has changed, or that is no longer there. One that may be used is set up.
func (w *watcher) update(link netlink.Link, there bool) error {
	attrs := link.Attrs()
	l := Link{Name: attrs.Name, Index: attrs.Index, MAC: attrs.HardwareAddr,
		Up: attrs.RawFlags&unix.IFF_UP != 0, Carrier: attrs.RawFlags&unix.IFF_LOWER_UP != 0}
	there = there && w.usable(link)
	w.take(l, there)
	if there && !l.Up {
		return w.raise(l)
	}
	return nil
}

func (w *watcher) take(l Link, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.links[l.Index]
	l.Losses = before.Losses
	if before.Carrier && !l.Carrier {
		l.Losses++
	}
	delete(w.links, l.Index)
	if there {
		w.links[l.Index] = l
	}
	var all []Link
	for _, l := range w.links {
		all = append(all, l)
	}
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
