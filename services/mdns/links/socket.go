package links

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/mdns"
)

// The groups that multicast DNS is spoken in (RFC 6762, section 3).
var (
	group4 = netip.MustParseAddr("224.0.0.251")
	group6 = netip.MustParseAddr("ff02::fb")
)

// sockets are those of all links.
type sockets struct {
	heard   chan mdns.Packet
	open    map[mdns.LinkID]*socket
	refused map[mdns.LinkID]string // why there is none; it is said once
	running sync.WaitGroup
	log     *slog.Logger
}

// socket is that of one link: nothing of another link comes in by it, or goes out.
type socket struct {
	id         mdns.LinkID
	name       string // of the interface
	generation int
	conn       *net.UDPConn
	receive    func([]byte) (n, index int, to net.IP, from net.Addr, err error)
	closed     chan struct{}
	failing    bool // it is said once
}

// follow makes sockets for the interfaces' links and closes those of others. It returns the interfaces with what has a socket, and whether
// that is all.
func (s *sockets) follow(all []mdns.Interface) (ready []mdns.Interface, whole bool) {
	whole = true
	wanted := make(map[mdns.LinkID]bool)
	for _, i := range all {
		for _, v6 := range []bool{false, true} {
			if !slices.ContainsFunc(i.Addrs, of(v6)) {
				continue
			}
			id := mdns.LinkID{Index: i.Index, V6: v6}
			if err := s.make(id, i); err != nil {
				if s.refused[id] != err.Error() {
					s.log.Warn("a link is not served", "interface", i.Name, "ipv6", v6, "err", err)
				}
				s.refused[id] = err.Error()
				whole = false
				i.Addrs = slices.DeleteFunc(slices.Clone(i.Addrs), of(v6))
				continue
			}
			delete(s.refused, id)
			wanted[id] = true
		}
		if len(i.Addrs) > 0 {
			ready = append(ready, i)
		}
	}
	for id, o := range s.open {
		if !wanted[id] {
			s.shut(o)
		}
	}
	return ready, whole
}

func (s *sockets) make(id mdns.LinkID, i mdns.Interface) error {
	if o := s.open[id]; o != nil {
		if o.name == i.Name && o.generation == i.Generation {
			return nil
		}
		s.shut(o)
	}
	o := &socket{id: id, name: i.Name, generation: i.Generation, closed: make(chan struct{})}
	if err := o.listen(); err != nil {
		return err
	}
	s.open[id] = o
	s.running.Go(func() { s.read(o) })
	return nil
}

func (s *sockets) shut(o *socket) {
	close(o.closed)
	o.conn.Close()
	delete(s.open, o.id)
}

func (s *sockets) close() {
	for _, o := range s.open {
		s.shut(o)
	}
	s.running.Wait()
}

// listen opens the socket. Another responder on this machine may have the port too.
func (o *socket) listen() error {
	control := func(_, _ string, c syscall.RawConn) error {
		var err error
		outer := c.Control(func(fd uintptr) {
			err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.BindToDevice(int(fd), o.name))
			if err == nil && !o.id.V6 {
				err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_MULTICAST_ALL, 0) // what others on this machine have joined is not for us
			}
		})
		return errors.Join(outer, err)
	}
	network, address := "udp4", fmt.Sprintf("0.0.0.0:%d", mdns.Port)
	if o.id.V6 {
		network, address = "udp6", fmt.Sprintf("[::]:%d", mdns.Port)
	}
	lc := net.ListenConfig{Control: control}
	conn, err := lc.ListenPacket(context.Background(), network, address)
	if err != nil {
		return err
	}
	o.conn = conn.(*net.UDPConn)
	if err := o.join(); err != nil {
		conn.Close()
		return err
	}
	return nil
}

// hops is the time to live of what is sent (RFC 6762, section 11).
const hops = 255

// join makes the socket hear the group, and not itself.
func (o *socket) join() error {
	iface := &net.Interface{Index: o.id.Index, Name: o.name}
	if !o.id.V6 {
		p := ipv4.NewPacketConn(o.conn)
		o.receive = func(b []byte) (int, int, net.IP, net.Addr, error) {
			n, cm, from, err := p.ReadFrom(b)
			if cm == nil {
				return n, 0, nil, from, err
			}
			return n, cm.IfIndex, cm.Dst, from, err
		}
		return errors.Join(p.JoinGroup(iface, &net.UDPAddr{IP: group4.AsSlice()}), p.SetMulticastInterface(iface), p.SetMulticastTTL(hops), p.SetTTL(hops),
			p.SetMulticastLoopback(false), p.SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true))
	}
	p := ipv6.NewPacketConn(o.conn)
	o.receive = func(b []byte) (int, int, net.IP, net.Addr, error) {
		n, cm, from, err := p.ReadFrom(b)
		if cm == nil {
			return n, 0, nil, from, err
		}
		return n, cm.IfIndex, cm.Dst, from, err
	}
	return errors.Join(p.JoinGroup(iface, &net.UDPAddr{IP: group6.AsSlice()}), p.SetMulticastInterface(iface), p.SetMulticastHopLimit(hops), p.SetHopLimit(hops),
		p.SetMulticastLoopback(false), p.SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true))
}

func (o *socket) group() netip.Addr {
	if o.id.V6 {
		return group6
	}
	return group4
}

// So many packets are read in that time. In a flood the kernel drops the others, which is cheaper than anything that we could do.
const (
	batch     = 50
	batchTime = 200 * time.Millisecond
)

// read hands on what comes in, until the socket is closed.
func (s *sockets) read(o *socket) {
	buf := make([]byte, mdns.MaxPacket+1)
	began := time.Now()
	for count := 1; ; count++ {
		if count%batch == 0 {
			select {
			case <-o.closed:
				return
			case <-time.After(batchTime - time.Since(began)):
			}
			began = time.Now()
		}
		n, index, to, from, err := o.receive(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // a link that went down: the socket is closed soon
			select {
			case <-o.closed:
				return
			case <-time.After(rest):
				continue
			}
		}
		peer, ok := from.(*net.UDPAddr)
		addr, valid := netip.AddrFromSlice(to)
		if !ok || !valid || index != o.id.Index {
			continue
		}
		p := mdns.Packet{Link: o.id, Peer: peer.AddrPort(), Group: addr.Unmap() == o.group(), Data: append([]byte(nil), buf[:n]...)}
		select {
		case s.heard <- p:
		case <-o.closed:
			return
		}
	}
}

// sendTime bounds one packet's way to the kernel: an interface that hangs must not stop us on all others.
const sendTime = 500 * time.Millisecond

// send sends packets, as far as there is still a socket for them.
func (s *sockets) send(packets []mdns.Packet) {
	for _, p := range packets {
		o := s.open[p.Link]
		if o == nil {
			continue
		}
		to := p.Peer
		if p.Group {
			to = netip.AddrPortFrom(o.group(), mdns.Port)
		}
		err := o.conn.SetWriteDeadline(time.Now().Add(sendTime))
		if err == nil {
			_, err = o.conn.WriteToUDPAddrPort(p.Data, to)
		}
		if err != nil && !o.failing {
			s.log.Warn("not sent", "interface", o.name, "to", to, "err", err)
		}
		o.failing = err != nil
	}
}
