package sim

import "github.com/upscard/upscard/services/hid"

// place is the part of the UPS that a field speaks of.
type place uint8

const (
	whole place = iota
	inlet
	outlet
	battery
	elsewhere // a second input, a bypass: not modelled
)

// places maps the collections of the Power Device Class to parts.
var places = map[hid.Usage]place{
	0x84001a: inlet, 0x84001c: outlet, 0x84001e: outlet, 0x840020: outlet,
	0x840010: battery, 0x840012: battery, 0x840024: battery,
}

// indexPage marks a path's node that is a number.
const indexPage = 0x00ff

// placeOf finds the innermost collection that tells where a field belongs.
func placeOf(path hid.Path) place {
	number := uint16(0)
	for i := len(path) - 2; i >= 0; i-- {
		if path[i].Page() == indexPage {
			number = uint16(path[i])
			continue
		}
		if p, ok := places[path[i]]; ok {
			if p == inlet && number > 1 {
				return elsewhere
			}
			return p
		}
		number = 0
	}
	return whole
}
