package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/miekg/dns"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// link is a cable between two network namespaces: what is measured has one end, eth0, and the bench the other.
type link struct {
	theirs, own netns.NsHandle
	iface       *net.Interface // the bench's end
	conn        *net.UDPConn   // to and from 224.0.0.251
	pulled      []func() error

	mu    sync.Mutex
	heard []packet
}

// packet is one that came by multicast.
type packet struct {
	at  time.Time
	len int // bytes
	msg dns.Msg
}

// newLink makes a cable and hears all that is said on it. It is to be pulled even on an error, unless it is nil.
func newLink(ctx context.Context) (l *link, err error) {
	if os.Getuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	l = new(link)
	for _, ns := range []*netns.NsHandle{&l.theirs, &l.own} {
		if *ns, err = newNamespace(); err != nil {
			return l, err
		}
		l.pulled = append(l.pulled, ns.Close)
	}
	there, err := netlink.NewHandleAt(l.theirs)
	if err != nil {
		return l, err
	}
	defer there.Close()
	here, err := netlink.NewHandleAt(l.own)
	if err != nil {
		return l, err
	}
	defer here.Close()
	cable := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth0", PeerNamespace: netlink.NsFd(l.own)}
	if err := there.LinkAdd(cable); err != nil {
		return l, err
	}
	if err := errors.Join(plug(there, "192.0.2.1"), plug(here, "192.0.2.2")); err != nil {
		return l, err
	}
	err = until(ctx, "addresses of the link", func() bool { return hasSettled(there) && hasSettled(here) })
	if err != nil {
		return l, err
	}
	return l, within(l.own, l.listen)
}

func (l *link) listen() (err error) {
	if l.iface, err = net.InterfaceByName("eth0"); err != nil {
		return err
	}
	for network, group := range map[string]string{"udp4": "224.0.0.251", "udp6": "ff02::fb"} {
		conn, err := net.ListenMulticastUDP(network, l.iface, &net.UDPAddr{IP: net.ParseIP(group), Port: mdnsPort})
		if err != nil {
			return err
		}
		done := make(chan struct{})
		go func() { defer close(done); l.hear(conn) }()
		l.pulled = append(l.pulled, func() error { defer func() { <-done }(); return conn.Close() })
		if network == "udp4" {
			l.conn = conn
		}
	}
	return nil
}

// hear keeps what comes until the socket is closed.
func (l *link) hear(conn *net.UDPConn) {
	buf := make([]byte, 9000)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		p := packet{at: time.Now(), len: n}
		if p.msg.Unpack(buf[:n]) != nil {
			continue
		}
		l.mu.Lock()
		l.heard = append(l.heard, p)
		l.mu.Unlock()
	}
}

// since returns what was heard after that.
func (l *link) since(at time.Time) (list []packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.heard {
		if p.at.After(at) {
			list = append(list, p)
		}
	}
	return list
}

// pull ends the link.
func (l *link) pull() {
	for i := range l.pulled {
		l.pulled[len(l.pulled)-1-i]()
	}
}

// newNamespace makes one, without anybody in it.
func newNamespace() (ns netns.NsHandle, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := netns.Get()
	if err != nil {
		return 0, err
	}
	defer before.Close()
	ns, err = netns.New()
	return ns, errors.Join(err, netns.Set(before))
}

// within does something in a namespace. What it starts stays there, and what it opens.
func within(ns netns.NsHandle, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := netns.Get()
	if err != nil {
		return err
	}
	defer before.Close()
	if err := netns.Set(ns); err != nil {
		return err
	}
	return errors.Join(f(), netns.Set(before))
}

func plug(h *netlink.Handle, ip string) error {
	var errs []error
	for _, name := range []string{"lo", "eth0"} {
		l, err := h.LinkByName(name)
		if err != nil {
			return err
		}
		errs = append(errs, h.LinkSetUp(l))
		if name == "eth0" {
			errs = append(errs, h.AddrAdd(l, &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(ip).To4(), Mask: net.CIDRMask(24, 32)}}))
		}
	}
	return errors.Join(errs...)
}

// hasSettled reports whether eth0 has an IPv6 address that nobody else has.
func hasSettled(h *netlink.Handle) bool {
	l, err := h.LinkByName("eth0")
	if err != nil {
		return false
	}
	addrs, err := h.AddrList(l, netlink.FAMILY_V6)
	return err == nil && len(addrs) == 1 && addrs[0].Flags&unix.IFA_F_TENTATIVE == 0
}

// ask sends a question to all, and returns the time until an answer to it comes.
func (l *link) ask(name string, kind uint16) (time.Duration, error) {
	q := dns.Msg{Question: []dns.Question{{Name: name, Qtype: kind, Qclass: dns.ClassINET}}}
	data, err := q.Pack()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if _, err := l.conn.WriteToUDP(data, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: mdnsPort}); err != nil {
		return 0, err
	}
	for ; time.Since(begun) < answerTime; time.Sleep(time.Millisecond) {
		for _, p := range l.since(begun) {
			for _, rr := range p.msg.Answer {
				if h := rr.Header(); h.Name == name && h.Rrtype == kind {
					return p.at.Sub(begun), nil
				}
			}
		}
	}
	return 0, fmt.Errorf("%s %s: no answer within %v", name, dns.TypeToString[kind], answerTime)
}
