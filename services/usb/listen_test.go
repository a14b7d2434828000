package usb

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFromKernel(t *testing.T) {
	for _, test := range []struct {
		from unix.Sockaddr
		want bool
	}{
		{&unix.SockaddrNetlink{Groups: 1}, true},
		{&unix.SockaddrNetlink{Pid: 1, Groups: 1}, false},
		{&unix.SockaddrUnix{}, false},
		{nil, false},
	} {
		if got := fromKernel(test.from); got != test.want {
			t.Errorf("%+v: got %v", test.from, got)
		}
	}
}

// Nothing that a process sends is taken for an event, and a Next that was cancelled does not spoil the one after it.
func TestListenForged(t *testing.T) {
	events, err := Listen()
	if err != nil {
		t.Skipf("no uevents here: %v", err)
	}
	defer events.Close()
	var to *unix.SockaddrNetlink
	if err := events.conn.Control(func(fd uintptr) {
		name, _ := unix.Getsockname(int(fd))
		to, _ = name.(*unix.SockaddrNetlink)
	}); err != nil || to == nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const path = "/devices/forged/1-1"
	forged := []byte("add@" + path + "\x00SUBSYSTEM=usb\x00")
	for range 3 {
		if err := unix.Sendto(fd, forged, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: to.Pid}); err != nil {
			t.Skipf("only root can forge: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		e, err := events.Next(ctx)
		cancel()
		if e.Path == path || err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrLost) {
			t.Errorf("got %+v, %v", e, err)
		}
	}
}
