package usb

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"
)

// Scanner lists what is attached. It reads the strings of a device once, and never waits for one longer than Patience, whatever the kernel does with it.
// It may be used from several goroutines.
type Scanner struct {
	Root     string        // of sysfs; SysfsRoot by default
	Port     string        // the only port to look at; "" is all of them
	Patience time.Duration // for all strings of a Scan together

	mu    sync.Mutex
	known map[place]*names
	told  chan struct{}
}

// place is a device from when it is plugged in until it is unplugged or resets itself.
type place struct {
	port         string
	bus, address int
}

// names are the strings of a device.
type names struct {
	done                          chan struct{} // closed when they are read
	manufacturer, product, serial string
	err                           error // of a device that has gone meanwhile
	missed                        bool  // a Scan did without them
}

// Scan lists, in port order, the devices that have a HID interface which is no boot keyboard's or mouse's. A device that is unplugged meanwhile is
// left out. So is one whose strings the kernel keeps back; then the error wraps ErrBusy, and Told will tell.
func (s *Scanner) Scan() ([]Attached, error) {
	root := cmp.Or(s.Root, SysfsRoot)
	all, err := list(root, s.Port)
	if err != nil {
		return nil, err
	}
	asked := s.ask(root, all)
	enough, cancel := context.WithTimeout(context.Background(), s.Patience)
	defer cancel()
	var found []Attached
	var busy error
	for i, n := range asked {
		select {
		case <-n.done:
		case <-enough.Done():
		}
		switch a := all[i]; {
		case s.misses(n):
			busy = errors.Join(busy, busyError{a.ID})
		case n.err == nil:
			a.ID.Manufacturer, a.ID.ProductName, a.ID.Serial = n.manufacturer, n.product, n.serial
			found = append(found, a)
		}
	}
	return found, busy
}

// Told is sent to when the strings are known of a device that a Scan has left out.
func (s *Scanner) Told() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channel()
}

func (s *Scanner) channel() chan struct{} {
	if s.told == nil {
		s.told = make(chan struct{}, 1)
	}
	return s.told
}

// ask begins to read the strings of devices that are new, forgets those that have gone, and returns all in their order. A reading that the kernel
// keeps back has a goroutine to itself, one for each time that a device was plugged in.
func (s *Scanner) ask(root string, all []Attached) []*names {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.known
	s.known = make(map[place]*names)
	asked := make([]*names, len(all))
	for i, a := range all {
		at := place{a.ID.Port, a.ID.Bus, a.ID.Address}
		n := before[at]
		if n == nil || n.failed() {
			n = &names{done: make(chan struct{})}
			go s.read(n, filepath.Join(root, "bus/usb/devices", a.ID.Port))
		}
		s.known[at], asked[i] = n, n
	}
	return asked
}

func (s *Scanner) read(n *names, dir string) {
	var err1, err2, err3 error
	n.manufacturer, err1 = readString(dir, "manufacturer")
	n.product, err2 = readString(dir, "product")
	n.serial, err3 = readString(dir, "serial")
	n.err = errors.Join(err1, err2, err3)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(n.done)
	if n.missed {
		select {
		case s.channel() <- struct{}{}:
		default: // it is told already
		}
	}
}

// failed reports whether the strings could not be read.
func (n *names) failed() bool {
	select {
	case <-n.done:
		return n.err != nil
	default:
		return false
	}
}

// misses reports whether the strings are not there yet, and has it told when they are.
func (s *Scanner) misses(n *names) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-n.done:
		return false
	default:
		n.missed = true
		return true
	}
}

// busyError names the device that is left out.
type busyError struct{ id ID }

func (e busyError) Error() string { return e.id.String() + ": " + ErrBusy.Error() }
func (e busyError) Unwrap() error { return ErrBusy }
