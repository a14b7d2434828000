package usbhid

import "github.com/upscard/upscard/services/hid"

// contradictions are pairs of flags that do not go together. Mains and discharging do (Back-UPS BK650M2-CH), so do
// charging and full (Keor PDU 800).
var contradictions = [...]flag{charging | discharging, fullyCharged | depleted, boost | trim}

// absurd reports whether one collection of a report contradicts itself, as one whose bits are all set does. Nothing in
// such a report can be believed. Collections count by themselves: a battery may charge while another discharges.
func (m *model) absurd(report readings) bool {
	x := m.indexed()
	clear(x.told)
	for _, c := range x.claims {
		now, ok := report[c.point]
		if on, known := c.sense(now.raw); ok && on && known {
			x.told[c.collection] |= c.flag
		}
	}
	for _, on := range x.told {
		for _, pair := range contradictions {
			if on&pair == pair {
				return true
			}
		}
	}
	return false
}

// blind returns the reports behind the state that come by interrupt only.
func (m *model) blind() map[key]bool {
	keys := make(map[key]bool)
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && s.flag != 0 && m.dead[src.key()] {
			keys[key{hid.Input, src.input.ReportID}] = true
		}
	}
	return keys
}
