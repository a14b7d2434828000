package main

import (
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// settleTime is how long the next seat's driver waits for the one before to say what its device is, so that names follow seats.
const settleTime = 3 * time.Second

// seats decides which seat's driver starts when. It touches nothing.
type seats struct {
	roster  usb.Roster
	plugged map[int]string // by seat: the device node
	drivers map[int]bool   // by seat: was started, or is in the queue
	queue   []int
	current int // the seat that is settling; 0: none
	until   time.Time
}

// newSeats begins with what was seen before.
func newSeats(known usb.Roster) *seats {
	return &seats{roster: known, plugged: make(map[int]string), drivers: make(map[int]bool)}
}

// scanned takes all devices that are plugged in. changed tells that the roster is another one; full holds an error for each device that
// found no seat.
func (s *seats) scanned(found []usb.Attached) (changed bool, full []error) {
	before := s.roster
	now := make(map[int]string)
	for _, a := range found {
		roster, seat, err := s.roster.Add(a.ID)
		if err != nil {
			full = append(full, err)
			continue
		}
		s.roster = roster
		now[seat] = a.Node
		if !s.drivers[seat] {
			s.roster = s.roster.Learn(seat, a.ID)
		}
		if !s.drivers[seat] && s.plugged[seat] != a.Node {
			s.drivers[seat] = true
			s.queue = append(s.queue, seat)
		}
	}
	s.plugged = now
	return !slices.Equal(before, s.roster), full
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

// settled notes that the seat's driver is ready or has ended.
func (s *seats) settled(seat int) {
	if s.current == seat {
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

// deadline is when next may answer otherwise without anything having happened; zero: never.
func (s *seats) deadline() time.Time {
	if s.current == 0 || len(s.queue) == 0 {
		return time.Time{}
	}
	return s.until
}
