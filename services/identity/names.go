// Package identity decides which UPS bears which name.
package identity

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/usb"
)

// defaultName is what the first UPS that no entry names is called; the next ones are ups2, ups3 …
const defaultName = "ups"

// Names gives a name to each seat of the roster that may be a UPS, by seat number. In the order of the seats: a device takes
// the first entry that binds it and is free; the others take the entries without bindings in the order of the file, then the
// first default name that is no entry's. The names hold also if there is an error, which tells of each device that two entries
// bind and each entry that binds two devices.
//
// A new seat never changes the name of another, nor does another device in the last one. Marking a seat as no UPS does, and so does learning what the device of one calls itself: no driver
// must have started by then for a seat whose name changes.
func Names(entries []config.UPS, roster usb.Roster) (map[int]string, error) {
	names := make(map[int]string)
	taken := make(map[string]int) // seat by name
	errs := bind(entries, roster, names, taken)
	for i, seat := range roster {
		number := i + 1
		if seat.NotUPS || names[number] != "" {
			continue
		}
		name := next(entries, taken)
		names[number], taken[name] = name, number
	}
	return names, errors.Join(errs...)
}

// Name gives one seat its name, "" if the roster has no such seat. One that was found to be no UPS is looked at again when it was plugged in
// again: it gets the name that a new seat would, as long as it is not sure what it is, and so takes nobody else's.
func Name(entries []config.UPS, roster usb.Roster, number int) (string, error) {
	if seat, ok := roster.Seat(number); ok && seat.NotUPS {
		seat.NotUPS = false
		roster = append(slices.Clip(roster), seat)
		number = len(roster)
	}
	names, err := Names(entries, roster)
	return names[number], err
}

// bind names the devices that an entry binds.
func bind(entries []config.UPS, roster usb.Roster, names map[int]string, taken map[string]int) (errs []error) {
	matchers := make([]func(usb.Seat) bool, len(entries))
	for i, e := range entries {
		matchers[i] = Matcher(e)
	}
	for i, seat := range roster {
		if seat.NotUPS {
			continue
		}
		number := i + 1
		for j, e := range entries {
			if !e.Bound() || !matchers[j](seat) {
				continue
			}
			other, used := taken[e.Name]
			switch {
			case names[number] != "":
				errs = append(errs, fmt.Errorf("[ups.%s] and [ups.%s] both claim %v; it is %s",
					names[number], e.Name, seat, names[number]))
			case used:
				first, _ := roster.Seat(other)
				errs = append(errs, fmt.Errorf("[ups.%s] claims both %v and %v; it is the first", e.Name, first, seat))
			default:
				names[number], taken[e.Name] = e.Name, number
			}
		}
	}
	return errs
}

// next is the name for a device that no entry binds.
func next(entries []config.UPS, taken map[string]int) string {
	reserved := make(map[string]bool)
	for _, e := range entries {
		if _, used := taken[e.Name]; !used && !e.Bound() {
			return e.Name
		}
		reserved[e.Name] = true
	}
	for n := 1; ; n++ {
		name := defaultName
		if n > 1 {
			name += strconv.Itoa(n)
		}
		if _, used := taken[name]; !used && !reserved[name] {
			return name
		}
	}
}

// Entry returns the entry with the name, or one that only has the name.
func Entry(entries []config.UPS, name string) config.UPS {
	for _, e := range entries {
		if e.Name == name {
			return e
		}
	}
	return config.UPS{Name: name}
}
