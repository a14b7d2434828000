package main

import (
	"maps"
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// settleTime is how long the next seat's driver waits for the one before to say what its device is, so that names follow seats.
const settleTime = 3 * time.Second

// retryTime is when a driver that could not be started is tried again: the one before it has 2 s to end.
const retryTime = 500 * time.Millisecond

// seats decides which seat's driver starts when. It touches nothing.
type seats struct {
	roster  usb.Roster
	plugged map[int]string // by seat: the device node
	drivers map[int]bool   // by seat: was started, or is in the queue
	left    []int          // seats with a driver and without a device, the longest so first
	queue   []int
	current int // the seat that is settling; 0: none
	until   time.Time
	late    int               // the seat that was last postponed
	serials map[string]string // by node: of devices of which the kernel has read another
}

// newSeats begins with what was seen before.
func newSeats(known usb.Roster) *seats {
	return &seats{roster: known, plugged: make(map[int]string), drivers: make(map[int]bool), serials: make(map[string]string)}
}

// news is what a look at the devices brought.
type news struct {
	changed  bool       // the roster is another one
	full     []error    // for each device that found no seat
	replaced []usb.Seat // that gave way to another device
	followed []int      // new seats on the port of a UPS that was there before
	ended    []int      // seats whose drivers are to end
}

// scanned takes all devices that are plugged in. Those that have no seat get one in their order, but only when the bus is at rest: until then
// another that comes before them may show itself.
func (s *seats) scanned(found []usb.Attached, rested bool) (n news) {
	before, now := s.roster, make(map[int]string)
	maps.DeleteFunc(s.serials, func(node string, _ string) bool {
		return !slices.ContainsFunc(found, func(a usb.Attached) bool { return a.Node == node })
	})
	var strangers []usb.Attached
	for _, a := range found {
		if serial, known := s.serials[a.Node]; known {
			a.ID.Serial = serial
		}
		if seat := s.roster.Find(a.ID); seat > 0 {
			s.take(seat, a, now)
		} else if rested {
			strangers = append(strangers, a)
		}
	}
	for _, a := range strangers {
		roster, seat, err := s.roster.Add(a.ID)
		if _, taken := now[len(s.roster)]; err != nil && !taken {
			last, _ := s.roster.Seat(len(s.roster))
			roster, seat = s.roster.Replace(a.ID)
			n.replaced = append(n.replaced, last)
			n.ended = append(n.ended, seat)
			s.dismiss(seat)
		} else if err != nil {
			n.full = append(n.full, err)
			continue
		}
		if s.roster.UPSAt(a.ID.Port) {
			n.followed = append(n.followed, seat)
		}
		s.roster = roster
		s.take(seat, a, now)
	}
	s.plugged = now
	n.ended = append(n.ended, s.abandoned()...)
	n.changed = !slices.Equal(before, s.roster)
	return n
}

// take notes that the seat's device is there. It is learned and gets a driver, unless it has one.
func (s *seats) take(seat int, a usb.Attached, now map[int]string) {
	now[seat] = a.Node
	if s.drivers[seat] {
		return
	}
	s.roster = s.roster.Learn(seat, a.ID)
	if s.plugged[seat] != a.Node {
		s.drivers[seat] = true
		s.queue = append(s.queue, seat)
	}
}

// dismiss leaves a seat without a driver until its device is plugged in again.
func (s *seats) dismiss(seat int) {
	s.settled(seat)
	delete(s.drivers, seat)
	delete(s.plugged, seat)
	s.queue = slices.DeleteFunc(s.queue, func(n int) bool { return n == seat })
}

// next returns the seat whose driver is to be started now, or 0.
func (s *seats) next(now time.Time) int {
	if s.current != 0 && now.Before(s.until) || len(s.queue) == 0 {
		return 0
	}
	s.current, s.queue = s.queue[0], s.queue[1:]
	s.until = now.Add(settleTime)
	return s.current
}

// postpone has the seat's driver started a little later. again tells that it was so the last time too.
func (s *seats) postpone(seat int, now time.Time) (again bool) {
	s.queue = append(s.queue, seat)
	s.current, s.until = seat, now.Add(retryTime)
	again, s.late = s.late == seat, seat
	return again
}

// settled notes that the seat's driver is ready or has ended.
func (s *seats) settled(seat int) {
	if s.current == seat && !slices.Contains(s.queue, seat) {
		s.current = 0
	}
}

// noUPS notes that the seat's driver has refused the device. Its driver starts again when the device was plugged in again; the mark stays,
// for without it the names of later seats would be others meanwhile.
func (s *seats) noUPS(seat int) {
	s.settled(seat)
	s.roster = s.roster.Mark(seat, true)
	delete(s.drivers, seat)
}

// misread notes that the device of a seat is another seat's, by its driver's word, and that there is no UPS as the kernel has read it. It reports whether
// that can be: the port and the model are the same.
func (s *seats) misread(seat, other int) bool {
	wrong, _ := s.roster.Seat(seat)
	right, ok := s.roster.Seat(other)
	s.noUPS(seat)
	ok = ok && !right.NotUPS && right.Port == wrong.Port && right.Vendor == wrong.Vendor && right.Product == wrong.Product && other != seat
	if node, there := s.plugged[seat]; ok && there {
		s.serials[node] = right.Serial
	}
	return ok
}

// deadline is when next may answer otherwise without anything having happened; zero: never.
func (s *seats) deadline() time.Time {
	if s.current == 0 || len(s.queue) == 0 {
		return time.Time{}
	}
	return s.until
}
