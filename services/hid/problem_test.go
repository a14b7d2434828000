package hid

import (
	"bytes"
	"strings"
	"testing"
)

// good declares one usable field, to be found whatever stands around it.
var good = []byte{0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x61, 0xb1, 2}

func TestProblems(t *testing.T) {
	tests := []struct {
		name string
		desc []byte
		want string // a problem
		keep bool   // the good field survives
	}{
		{"empty", nil, "byte 0: End Collection: the descriptor declares no field", false},
		{"truncated", append(ups(good...), 0x26, 1), "byte 19: Logical Maximum: truncated: 2 of 3 bytes", true},
		{"truncated long item", append(ups(good...), 0xfe), "byte 19: Long Item: truncated: 1 of 3 bytes", true},
		{"never closed", ups(append(good[:12:12], 0x09, 0x24, 0xa1, 0)...), "byte 23: End Collection: missing for 1 collections", true},
		{"closed too often", append([]byte{0xc0}, ups(good...)...), "byte 0: End Collection: no collection is open", true},
		{"pop without push", ups(append([]byte{0xb4}, good...)...), "byte 6: Pop: no Push before it", true},
		{"pushed without end", ups(append(bytes.Repeat([]byte{0xa4}, 40), good...)...), "byte 38: Push: more than 32 states saved", true},
		{"nested without end", append(ups(good...), bytes.Repeat([]byte{0xa1, 0}, 99)...), "Collection: nested deeper than 32", true},
		{"wide field", ups(append([]byte{0x75, 33, 0x95, 1, 0x09, 0x30, 0xb1, 2}, good...)...), "byte 12: Feature: field of 33 bits, more than 32", true},
		{"long report", ups(append([]byte{0x75, 8, 0x97, 0xff, 0xff, 0xff, 0xff, 0xb1, 2}, good...)...), "longer than 65536 bytes", true},
		{"many fields", append(ups(good...), ups(0x75, 1, 0x96, 0xff, 0x7f, 0x09, 0x61, 0xb1, 2)...), "byte 32: Feature: more than 4096 fields", true},
		{"no bits", ups(append([]byte{0x75, 0, 0x95, 1, 0x09, 0x61, 0xb1, 2}, good...)...), "byte 12: Feature: Report Size 0, Report Count 1: no bits", true},
		{"contradiction", ups(append([]byte{0x15, 9, 0x25, 1, 0x75, 8, 0x95, 1, 0x09, 0x30, 0xb1, 2}, good...)...),
			"byte 16: Feature: Logical Maximum 1 is below Logical Minimum 9: taken as any value of 8 bits", true},
		{"field outside", append(good[:12:12], ups(good...)...), "byte 10: Feature: outside of any collection", true},
		{"large report id", ups(append([]byte{0x86, 0, 1}, good...)...), "byte 6: Report ID: id 256 has more than 8 bits", true},
		{"maximum without minimum", ups(append([]byte{0x29, 4}, good...)...), "byte 6: Usage Maximum: no Usage Minimum before it", true},
		{"upside-down range", ups(append([]byte{0x19, 4, 0x29, 1}, good...)...), "is no range", true},
		{"half a delimiter", ups(append([]byte{0xa9, 0}, good...)...), "byte 6: Delimiter: does not pair", true},
		{"huge", append(ups(good...), make([]byte, 70000)...), "only the first 65536 are read", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, problems := Parse(tt.desc)
			var all []string
			for _, p := range problems {
				all = append(all, p.String())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
			found := false
			for _, f := range d.Fields {
				found = found || f.Path.String() == "UPS.Good"
			}
			if found != tt.keep {
				t.Errorf("field kept: %v, want %v", found, tt.keep)
			}
			if len(problems) > maxProblems {
				t.Errorf("%d problems", len(problems))
			}
		})
	}
}
