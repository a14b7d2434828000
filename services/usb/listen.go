package usb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelGroup is the multicast group of the kernel's own uevents; udev's are in group 2.
const kernelGroup = 1

// receiveBuffer holds the burst of events of a boot or of a hub with all its devices, in bytes.
const receiveBuffer = 1 << 20

// ErrLost says that the kernel dropped events because they were not read in time: whoever follows them has to scan.
var ErrLost = errors.New("uevents were lost")

// Uevents is a subscription to the kernel's uevents. Next may be called from one goroutine at a time.
type Uevents struct {
	file   *os.File // a netlink socket; a file for the runtime's poller
	conn   syscall.RawConn
	buffer []byte
}

// Listen subscribes. To miss nothing, listen first, then scan.
func Listen() (*Uevents, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("uevent socket: %w", err)
	}
	// Only root may go beyond net.core.rmem_max; for others what the limit allows is good enough.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("uevent socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "uevents")
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("uevent socket: %w", err)
	}
	return &Uevents{file: file, conn: conn, buffer: make([]byte, MaxUevent+1)}, nil
}

// Next waits for an event. It fails with the context's error, ErrLost, or for good; datagrams that are not the kernel's
// or not uevents are passed over.
func (u *Uevents) Next(ctx context.Context) (Uevent, error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = u.file.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	defer func() {
		if !stop() { // the next call must not find the deadline
			<-interrupted
			_ = u.file.SetReadDeadline(time.Time{})
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return Uevent{}, err
		}
		n, from, err := u.receive()
		switch {
		case ctx.Err() != nil:
			continue
		case errors.Is(err, unix.ENOBUFS):
			return Uevent{}, ErrLost
		case err != nil:
			return Uevent{}, fmt.Errorf("uevent socket: %w", err)
		case !fromKernel(from):
			continue
		}
		if e, err := ParseUevent(u.buffer[:n]); err == nil {
			return e, nil
		}
	}
}

func (u *Uevents) receive() (n int, from unix.Sockaddr, err error) {
	waitErr := u.conn.Read(func(fd uintptr) bool {
		n, from, err = unix.Recvfrom(int(fd), u.buffer, 0)
		return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
	if waitErr != nil {
		return 0, nil, waitErr
	}
	return n, from, err
}

// fromKernel holds for datagrams that no process can have sent: the kernel's port id is 0 (netlink(7)).
func fromKernel(from unix.Sockaddr) bool {
	sender, ok := from.(*unix.SockaddrNetlink)
	return ok && sender.Pid == 0
}

// Close ends the subscription.
func (u *Uevents) Close() error { return u.file.Close() }
