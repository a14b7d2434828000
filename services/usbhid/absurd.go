package usbhid

import "github.com/upscard/upscard/services/hid"

// contradictions are pairs of flags that do not go together. Mains and discharging do (Back-UPS BK650M2-CH), so do
// charging and full (Keor PDU 800).
var contradictions = [...]flag{charging | discharging, fullyCharged | depleted, boost | trim}

// absurd reports whether one collection of a report contradicts itself, as one whose bits are all set does. Nothing in
// such a report can be believed.
func (m *model) absurd(report readings) bool {
	told := make(map[string]flag) // what is on, by collection: a battery may charge while another discharges
	for _, s := range m.slots {
		if s.flag == 0 {
			continue
		}
		for _, src := range s.sources {
			now, ok := report[src.point]
			if on, known := src.sense(now.raw); !ok || !on || !known {
				continue
			}
			path := src.field().Path
			told[path[:len(path)-1].String()] |= s.flag
		}
	}
	for _, on := range told {
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
