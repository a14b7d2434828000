package main

import (
	"maps"
	"slices"
)

// maxWaiting is how many drivers may wait for a device that was unplugged: each takes memory, and a device with another serial number at each
// plug leaves one behind each time.
const maxWaiting = 8

// abandoned dismisses the drivers that are too many of those that wait, the one that has waited longest first, and returns their seats. The seats
// stay, and so do all names: one whose device is plugged in again has a driver again.
func (s *seats) abandoned() (dismissed []int) {
	waiting := func(seat int) bool { _, there := s.plugged[seat]; return s.drivers[seat] && !there }
	s.left = slices.DeleteFunc(s.left, func(seat int) bool { return !waiting(seat) })
	for _, seat := range slices.Sorted(maps.Keys(s.drivers)) {
		if waiting(seat) && !slices.Contains(s.left, seat) {
			s.left = append(s.left, seat)
		}
	}
	for len(s.left) > maxWaiting {
		dismissed = append(dismissed, s.left[0])
		s.dismiss(s.left[0])
		s.left = s.left[1:]
	}
	return dismissed
}
