package netconf

import (
	"bytes"
	"cmp"
	"net"
)

// Link is a network interface.
type Link struct {
	Name    string
	Index   int // 0: there is none
	MAC     net.HardwareAddr
	Up      bool
	Carrier bool
	Losses  int // how often the carrier was lost; a short loss may be over when we look
}

func (l Link) equal(other Link) bool {
	return l.Name == other.Name && l.Index == other.Index && l.Up == other.Up && l.Carrier == other.Carrier && l.Losses == other.Losses &&
		bytes.Equal(l.MAC, other.MAC)
}

// choose picks the interface to use: the one in use while it has a carrier, else the first that has, else the one in use, else the
// first.
func choose(candidates []Link, current int) Link {
	rank := func(l Link) int {
		r := 0
		if !l.Carrier {
			r += 2
		}
		if l.Index != current {
			r++
		}
		return r
	}
	best := Link{}
	for _, l := range candidates {
		if best.Index == 0 || cmp.Or(cmp.Compare(rank(l), rank(best)), cmp.Compare(l.Index, best.Index)) < 0 {
			best = l
		}
	}
	return best
}
