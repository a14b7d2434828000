package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
)

func attached(port, serial string, address int) usb.Attached {
	return usb.Attached{ID: usb.ID{Vendor: 0x51d, Product: 2, Port: port, Serial: serial, Bus: 1, Address: address}, Node: usb.Node(1, address)}
}

// started takes all seats whose drivers are due.
func started(s *seats, now time.Time) (all []int) {
	for seat := s.next(now); seat != 0; seat = s.next(now) {
		all = append(all, seat)
	}
	return all
}

func wantStarted(t *testing.T, s *seats, now time.Time, want ...int) {
	t.Helper()
	if got := started(s, now); !slices.Equal(got, want) {
		t.Errorf("started %v, want %v", got, want)
	}
}

func scanned(t *testing.T, s *seats, found ...usb.Attached) (changed bool) {
	t.Helper()
	changed, full := s.scanned(found)
	if full != nil {
		t.Fatal(full)
	}
	return changed
}

func TestSeatsStartOneAfterTheOther(t *testing.T) {
	now := time.Unix(1000, 0)
	a, b, c := attached("1-1", "A", 2), attached("1-2", "B", 3), attached("1-3", "C", 4)
	s := newSeats(nil)
	if !scanned(t, s, a, b, c) {
		t.Error("the roster has changed, which is not said")
	}
	wantStarted(t, s, now, 1)
	wantStarted(t, s, now.Add(settleTime-1))
	s.settled(1)
	wantStarted(t, s, now.Add(settleTime-1), 2)
	if got, want := s.deadline(), now.Add(2*settleTime-1); !got.Equal(want) {
		t.Errorf("deadline %v, want %v", got, want)
	}
	wantStarted(t, s, now.Add(3*settleTime), 3) // the second does not settle
	if !s.deadline().IsZero() {
		t.Error("nothing waits any more")
	}
	if scanned(t, s, a, b, c) {
		t.Error("the roster has not changed")
	}
	wantStarted(t, s, now.Add(time.Hour))
}

func TestSeatOfAnUnpluggedUPSKeepsItsDriver(t *testing.T) {
	s := newSeats(nil)
	scanned(t, s, attached("1-1", "A", 2))
	wantStarted(t, s, time.Unix(0, 0), 1)
	scanned(t, s)
	scanned(t, s, attached("1-1", "A", 5))
	wantStarted(t, s, time.Unix(100, 0))
	scanned(t, s, attached("1-1", "B", 6)) // another device in the same port
	wantStarted(t, s, time.Unix(100, 0), 2)
}

func TestRefusedDeviceIsTriedAgainWhenPluggedInAgain(t *testing.T) {
	now := time.Unix(0, 0)
	s := newSeats(nil)
	scanned(t, s, attached("1-1", "A", 2), attached("1-2", "B", 3))
	wantStarted(t, s, now, 1)
	s.noUPS(1)
	wantStarted(t, s, now, 2)
	s.settled(2)
	if !s.roster[0].NotUPS {
		t.Error("the roster does not say so")
	}
	scanned(t, s, attached("1-1", "A", 2), attached("1-2", "B", 3))
	wantStarted(t, s, now)
	if scanned(t, s, attached("1-1", "A", 4), attached("1-2", "B", 3)) || !s.roster[0].NotUPS {
		t.Error("the roster has changed, and so the names of other seats")
	}
	wantStarted(t, s, now, 1)
}

func TestDevicesWithoutASeatAreNamed(t *testing.T) {
	s := newSeats(nil)
	for i := range 100 {
		_, full := s.scanned([]usb.Attached{attached("1-1", strings.Repeat("x", i), i)})
		if full != nil {
			return
		}
	}
	t.Error("a hundred devices were seated")
}

// What a device calls itself is learned before its driver starts, never while one runs: its name may hang on it.
func TestSeatsLearnStrings(t *testing.T) {
	old, err := usb.ParseRoster("1 1-1 051d:0002 ups \"A\"\n")
	if err != nil {
		t.Fatal(err)
	}
	s := newSeats(old)
	a := attached("1-1", "A", 2)
	a.ID.ProductName = "Back-UPS"
	if !scanned(t, s, a) || s.roster[0].ProductName != "Back-UPS" {
		t.Errorf("roster %v", s.roster)
	}
	wantStarted(t, s, time.Unix(1000, 0), 1)
	a.ID.ProductName = "Back-UPS FW:2"
	if scanned(t, s, a) || s.roster[0].ProductName != "Back-UPS" {
		t.Errorf("roster %v", s.roster)
	}
}
