// Package listen opens the TCP ports that clients on the network come in by.
package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The pause between two tries to bind an address doubles from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// Later tries until addr can be bound. It returns nil when ctx ends first.
func Later(ctx context.Context, addr string) *net.TCPListener {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		if ln, err := TCP(ctx, addr); err == nil {
			return ln
		}
	}
}

// TCP listens on HOST:PORT, with or without a host. The address may be one that this machine gets later; a port of 0 is any free one.
func TCP(ctx context.Context, addr string) (*net.TCPListener, error) {
	lc := net.ListenConfig{Control: prepare, KeepAlive: -1} // prepare sets what connections inherit: four system calls less for each
	ln, err := lc.Listen(ctx, network(addr), addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln.(*net.TCPListener), nil
}

// network keeps an address to its own family, so that both wildcards can be listed side by side. No host at all means both families.
func network(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil: // no host, or a name
		return "tcp"
	case ap.Addr().Unmap().Is4():
		return "tcp4"
	}
	return "tcp6"
}

// KeepAlive finds out that a client is gone. One that vanishes without a word, as one whose cable is pulled, is logged out within 25 s: a
// primary that waits for it would lose the time to shut down. A shorter patience would drop clients for a moment without a network.
var KeepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3}

// unacknowledged is how long what a client was sent may stay unacknowledged. With it the probes of KeepAlive are not counted: the
// first after this time ends the connection.
const unacknowledged = 20 * time.Second

// Bytes that the system keeps of a connection: of answers that the client does not read, and of what it sends ahead. It takes twice that for its own needs.
const (
	unsent = 32 << 10
	unread = 16 << 10
)

// prepare lets a socket have an address that the machine gets later, and its connections know that their client is gone and take a bounded
// part of the system's memory.
func prepare(network, _ string, conn syscall.RawConn) error {
	level, option := unix.SOL_IP, unix.IP_FREEBIND
	if strings.HasSuffix(network, "6") {
		level, option = unix.SOL_IPV6, unix.IPV6_FREEBIND
	}
	var err error
	e := conn.Control(func(fd uintptr) {
		for _, o := range []struct{ level, option, value int }{
			{level, option, 1},
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.SOL_TCP, unix.TCP_KEEPIDLE, int(KeepAlive.Idle.Seconds())},
			{unix.SOL_TCP, unix.TCP_KEEPINTVL, int(KeepAlive.Interval.Seconds())},
			{unix.SOL_TCP, unix.TCP_KEEPCNT, KeepAlive.Count},
			{unix.SOL_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledged.Milliseconds())},
			{unix.SOL_SOCKET, unix.SO_SNDBUF, unsent},
			{unix.SOL_SOCKET, unix.SO_RCVBUF, unread},
		} {
			err = errors.Join(err, unix.SetsockoptInt(int(fd), o.level, o.option, o.value))
		}
	})
	return errors.Join(e, err)
}
