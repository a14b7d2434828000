package links

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/mdns"
)

// rest is the least time between two looks at the interfaces.
const rest = 20 * time.Millisecond

// watch sends the interfaces that packets can be sent on, at the start and each time they have changed, until ctx ends.
func watch(ctx context.Context, found chan<- []mdns.Interface, log *slog.Logger) {
	w := watcher{found: found, generations: make(map[int]int)}
	for said := ""; ctx.Err() == nil; {
		if err := w.run(ctx); err != nil && err.Error() != said {
			said = err.Error()
			log.Warn("interfaces are read again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

type watcher struct {
	found       chan<- []mdns.Interface
	told        bool
	last        []mdns.Interface
	generations map[int]int // how often an interface was off the network, by index
}

// run follows the kernel until ctx ends. It fails when messages were lost, and can then be run again.
func (w *watcher) run(ctx context.Context) error {
	done := make(chan struct{})
	lost := make(chan error, 1)
	failed := func(err error) {
		select {
		case lost <- err:
		default: // one is enough
		}
	}
	links, addrs := make(chan netlink.LinkUpdate), make(chan netlink.AddrUpdate)
	if err := netlink.LinkSubscribeWithOptions(links, done, netlink.LinkSubscribeOptions{ErrorCallback: failed}); err != nil {
		return fmt.Errorf("interfaces: %w", err)
	}
	end := func() { close(done); drain(links) }
	if err := netlink.AddrSubscribeWithOptions(addrs, done, netlink.AddrSubscribeOptions{ErrorCallback: failed}); err != nil {
		end()
		return fmt.Errorf("addresses: %w", err)
	}
	defer func() { end(); drain(addrs) }()
	look := time.After(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-lost:
			return fmt.Errorf("interfaces: %w", err)
		case u, ok := <-links:
			if !ok {
				return errors.New("interfaces: no more messages")
			}
			if u.Header.Type != unix.RTM_NEWLINK || !connected(u.Link.Attrs()) {
				w.generations[u.Attrs().Index]++
			}
			look = soon(look)
		case _, ok := <-addrs:
			if !ok {
				return errors.New("addresses: no more messages")
			}
			look = soon(look)
		case <-look:
			look = nil
			if err := w.tell(ctx); err != nil {
				return err
			}
		}
	}
}

// drain waits for the end of a subscription: the library's goroutine ends by closing its channel.
func drain[T any](updates <-chan T) {
	for range updates {
	}
}

func soon(look <-chan time.Time) <-chan time.Time {
	if look == nil {
		look = time.After(rest)
	}
	return look
}

// tell sends the interfaces if they are others than before.
func (w *watcher) tell(ctx context.Context) error {
	all, err := list(w.generations)
	if err != nil {
		return err
	}
	if w.told && slices.EqualFunc(all, w.last, same) {
		return nil
	}
	select {
	case w.found <- all:
		w.told, w.last = true, all
	case <-ctx.Done():
	}
	return nil
}

// list reads the interfaces that are on a network, and their addresses.
func list(generations map[int]int) ([]mdns.Interface, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("interfaces: %w", err)
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	var all []mdns.Interface
	for _, l := range links {
		a := l.Attrs()
		if !connected(a) {
			continue
		}
		i := mdns.Interface{Index: a.Index, Name: a.Name, MTU: a.MTU, Generation: generations[a.Index]}
		for _, addr := range addrs {
			if p, ok := usable(addr); ok && addr.LinkIndex == a.Index {
				i.Addrs = append(i.Addrs, p)
			}
		}
		slices.SortFunc(i.Addrs, netip.Prefix.Compare)
		if len(i.Addrs) > 0 {
			all = append(all, i)
		}
	}
	return all, nil
}

// connected tells whether an interface is on a network with a group to speak to.
func connected(a *netlink.LinkAttrs) bool {
	const needed = unix.IFF_UP | unix.IFF_LOWER_UP | unix.IFF_MULTICAST
	return a.RawFlags&needed == needed && a.RawFlags&(unix.IFF_LOOPBACK|unix.IFF_POINTOPOINT) == 0
}

// usable is an address that others may be told, and that packets can be sent from: not one that the kernel still asks for, or that is about to go.
func usable(a netlink.Addr) (netip.Prefix, bool) {
	if a.IPNet == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(a.IP)
	ones, _ := a.Mask.Size()
	addr = addr.Unmap()
	bad := unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED
	if addr.Is6() {
		bad |= unix.IFA_F_TEMPORARY // of IPv4 that bit means a second address
	}
	return netip.PrefixFrom(addr, ones), ok && a.Flags&bad == 0
}
