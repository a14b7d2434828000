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
	n := s.scanned(found, true)
	if n.full != nil || n.replaced != nil {
		t.Fatalf("%+v", n)
	}
	return n.changed
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

// A device with another serial number at each plug has the last seat to itself once all are taken. Nobody else's number changes, and a driver
// that could not yet start does later.
func TestFullRoster(t *testing.T) {
	now := time.Unix(0, 0)
	s := newSeats(nil)
	ups := attached("1-1", "UPS", 2)
	scanned(t, s, ups)
	for i := range usb.MaxSeats - 1 {
		scanned(t, s, ups, attached("1-2", strings.Repeat("x", i), i+3))
	}
	before := s.roster
	odd, spare := attached("1-2", "odd", 100), attached("1-3", "spare", 101)
	n := s.scanned([]usb.Attached{ups, odd}, true)
	if len(n.replaced) != 1 || !n.replaced[0].Is(before[usb.MaxSeats-1]) || !slices.Contains(n.ended, usb.MaxSeats) || n.full != nil || !n.changed {
		t.Errorf("%+v", n)
	}
	if !slices.Equal(s.roster[:usb.MaxSeats-1], before[:usb.MaxSeats-1]) || s.roster.Find(odd.ID) != usb.MaxSeats {
		t.Errorf("the roster is\n%v", s.roster)
	}
	if n := s.scanned([]usb.Attached{ups, odd, spare}, true); len(n.full) != 1 || n.replaced != nil || n.changed {
		t.Errorf("the last device is there: %+v", n)
	}
	s.queue = []int{usb.MaxSeats}
	wantStarted(t, s, now, usb.MaxSeats)
	if s.postpone(usb.MaxSeats, now) || !s.postpone(usb.MaxSeats, now) {
		t.Error("it is not told whether a driver was late before")
	}
	s.settled(usb.MaxSeats) // says the one before it
	wantStarted(t, s, now.Add(retryTime-1))
	wantStarted(t, s, now.Add(retryTime), usb.MaxSeats)
}

// Of the drivers that wait for what was unplugged the last few stay. A UPS that comes back has one again, in its old seat.
func TestFewDriversWait(t *testing.T) {
	now := time.Unix(0, 0)
	s := newSeats(nil)
	for i := range maxWaiting + 1 {
		scanned(t, s, attached("1-1", strings.Repeat("x", i), i+2))
		wantStarted(t, s, now, i+1)
		s.settled(i + 1)
	}
	before := s.roster
	if n := s.scanned(nil, true); !slices.Equal(n.ended, []int{1}) || n.changed {
		t.Errorf("%+v", n)
	}
	if n := s.scanned(nil, true); n.ended != nil {
		t.Errorf("%+v", n)
	}
	scanned(t, s, attached("1-1", "", 100))
	wantStarted(t, s, now, 1)
	if !slices.Equal(s.roster, before) {
		t.Errorf("the roster is\n%v", s.roster)
	}
}

// Until the bus is at rest only devices that have a seat are taken.
func TestSeatsInPortOrder(t *testing.T) {
	now := time.Unix(0, 0)
	known, hub, third := attached("1-3", "known", 2), attached("1-1.2", "A", 3), attached("1-2", "B", 4)
	roster, _, err := usb.Roster(nil).Add(known.ID)
	if err != nil {
		t.Fatal(err)
	}
	s := newSeats(roster)
	for _, found := range [][]usb.Attached{{third}, {third, known}} {
		if n := s.scanned(found, false); n.changed || n.full != nil {
			t.Errorf("%+v", n)
		}
	}
	wantStarted(t, s, now, 1)
	s.settled(1)
	scanned(t, s, hub, third, known)
	if n := s.scanned([]usb.Attached{hub, attached("1-2", "C", 5), known}, true); !slices.Equal(n.followed, []int{4}) {
		t.Errorf("another UPS is on a port: %+v", n)
	}
	if s.roster.Find(hub.ID) != 2 || s.roster.Find(third.ID) != 3 {
		t.Errorf("the roster is\n%v", s.roster)
	}
	wantStarted(t, s, now, 2)
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
