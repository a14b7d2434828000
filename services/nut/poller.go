package nut

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for many descriptors at once, by epoll(7). It tells of one as long as there is something to read.
type poller struct {
	fd     int
	events [128]unix.EpollEvent

	mu    sync.Mutex
	alarm int // by which others end a wait, -1 once it is closed
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	alarm, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	p := &poller{fd: fd, alarm: alarm}
	if err := p.add(alarm); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	unix.Close(p.alarm)
	unix.Close(p.fd)
	p.alarm = -1
}

func (p *poller) add(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &event)
}

// remove must come before fd is closed if another descriptor stands for the same socket.
func (p *poller) remove(fd int) { unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil) }

// wait returns the descriptors that something has come for, none after the time, which may be 0 for ever. They hold until it is called
// again.
func (p *poller) wait(most time.Duration) ([]unix.EpollEvent, error) {
	timeout := -1
	if most > 0 {
		timeout = int(most.Milliseconds())
	}
	n, err := unix.EpollWait(p.fd, p.events[:], timeout)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return nil, err
	}
	return p.events[:max(n, 0)], nil
}

// wake ends a wait with the alarm, now or when it begins. Any goroutine may call it at any time.
func (p *poller) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alarm >= 0 {
		unix.Write(p.alarm, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// calm takes the alarm back.
func (p *poller) calm() {
	var count [8]byte
	unix.Read(p.alarm, count[:])
}
