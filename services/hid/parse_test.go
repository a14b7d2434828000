package hid

import (
	"fmt"
	"strings"
	"testing"
)

// ups wraps items into a UPS application collection.
func ups(items ...byte) []byte {
	return append(append([]byte{0x05, 0x84, 0x09, 0x04, 0xa1, 0x01}, items...), 0xc0)
}

// show writes a field as "path kind id:offset+size min..max".
func show(d *Descriptor) []string {
	var all []string
	for _, f := range d.Fields {
		all = append(all, fmt.Sprintf("%v %v %d:%d+%d %d..%d", f.Path, f.Kind, f.ReportID, f.Offset, f.Size, f.LogicalMin, f.LogicalMax))
	}
	return all
}

func TestParse(t *testing.T) {
	bits := []byte{0x15, 0, 0x25, 1, 0x75, 1} // logical 0..1, size 1
	tests := []struct {
		name  string
		items []byte
		want  []string
	}{
		{"two usages, three fields: the last stands for the rest",
			append(bits[:6:6], 0x95, 3, 0x09, 0x61, 0x09, 0x62, 0xb1, 0x02),
			[]string{"UPS.Good Feature 0:0+1 0..1", "UPS.InternalFailure Feature 0:1+1 0..1", "UPS.InternalFailure Feature 0:2+1 0..1"}},
		{"usage range",
			append(bits[:6:6], 0x95, 2, 0x19, 0x60, 0x29, 0x61, 0x81, 0x02),
			[]string{"UPS.Present Input 0:0+1 0..1", "UPS.Good Input 0:1+1 0..1"}},
		{"usage with its page",
			append(bits[:6:6], 0x95, 1, 0x0b, 0xd0, 0, 0x85, 0, 0xb1, 0x02),
			[]string{"UPS.ACPresent Feature 0:0+1 0..1"}},
		{"padding moves the next field",
			append(bits[:6:6], 0x95, 5, 0xb1, 0x03, 0x95, 1, 0x09, 0x65, 0xb1, 0x02),
			[]string{"UPS.Overload Feature 0:5+1 0..1"}},
		{"a report of each kind under each id",
			append(bits[:6:6], 0x95, 1, 0x85, 1, 0x09, 0x61, 0x81, 2, 0x09, 0x61, 0x91, 2, 0x85, 2, 0x09, 0x61, 0xb1, 2, 0x85, 1, 0x09, 0x62, 0x81, 2),
			[]string{"UPS.Good Input 1:0+1 0..1", "UPS.Good Output 1:0+1 0..1", "UPS.Good Feature 2:0+1 0..1", "UPS.InternalFailure Input 1:1+1 0..1"}},
		{"numbered collections",
			append(bits[:6:6], 0x95, 1, 0x09, 0x1a, 0xa1, 0x82, 0x09, 0x61, 0xb1, 2, 0xc0, 0x09, 0x62, 0xb1, 2),
			[]string{"UPS.Input.[2].Good Feature 0:0+1 0..1", "UPS.InternalFailure Feature 0:1+1 0..1"}},
		{"push and pop",
			append(bits[:6:6], 0x95, 1, 0xa4, 0x75, 8, 0x05, 0x85, 0x09, 0x66, 0xb1, 2, 0xb4, 0x09, 0x61, 0xb1, 2),
			[]string{"UPS.RemainingCapacity Feature 0:0+8 0..1", "UPS.Good Feature 0:8+1 0..1"}},
		{"of a delimiter set the first usage counts",
			append(bits[:6:6], 0x95, 1, 0xa9, 1, 0x09, 0x61, 0x09, 0x62, 0xa9, 0, 0xb1, 2),
			[]string{"UPS.Good Feature 0:0+1 0..1"}},
		{"long items are skipped",
			append(bits[:6:6], 0x95, 1, 0xfe, 2, 0xf0, 0xc0, 0xc0, 0x09, 0x61, 0xb1, 2),
			[]string{"UPS.Good Feature 0:0+1 0..1"}},
		{"two-byte main item", append(bits[:6:6], 0x95, 1, 0x09, 0x61, 0xb2, 0x82, 0), []string{"UPS.Good Feature 0:0+1 0..1"}},
		{"unsigned maximum in too few bytes",
			[]byte{0x15, 0, 0x25, 0xff, 0x75, 8, 0x95, 1, 0x09, 0x30, 0xb1, 2, 0x26, 0xff, 0xff, 0x75, 16, 0x09, 0x31, 0xb1, 2},
			[]string{"UPS.Voltage Feature 0:0+8 0..255", "UPS.Current Feature 0:8+16 0..65535"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, problems := Parse(ups(tt.items...))
			if len(problems) > 0 {
				t.Errorf("problems %v", problems)
			}
			if got := show(d); strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("fields\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestUnlikeNUT has descriptors of which NUT 2.8.5 makes something else.
func TestUnlikeNUT(t *testing.T) {
	tests := []struct {
		reason string
		items  []byte
		want   string // the last field
	}{
		{"NUT counts offsets in 8 bits: this one would be at 0",
			[]byte{0x15, 0, 0x25, 1, 0x75, 8, 0x95, 32, 0xb1, 3, 0x95, 1, 0x09, 0x61, 0xb1, 2}, "UPS.Good Feature 0:256+8 0..1"},
		{"NUT counts fields in 8 bits: 256 would be none",
			[]byte{0x15, 0, 0x25, 1, 0x75, 1, 0x96, 0, 1, 0xb1, 3, 0x95, 1, 0x09, 0x61, 0xb1, 2}, "UPS.Good Feature 0:256+1 0..1"},
		{"NUT compares the maximum with the minimum in force when it comes",
			[]byte{0x15, 0xff, 0x25, 0xff, 0x15, 0, 0x75, 8, 0x95, 1, 0x09, 0x30, 0xb1, 2}, "UPS.Voltage Feature 0:0+8 0..255"},
		{"NUT reads a constant 0 where no range was declared",
			[]byte{0x75, 4, 0x95, 1, 0x09, 0x30, 0xb1, 2}, "UPS.Voltage Feature 0:0+4 0..15"},
		{"NUT ignores usage ranges",
			[]byte{0x15, 0, 0x25, 1, 0x75, 1, 0x95, 2, 0x19, 0x60, 0x29, 0x61, 0xb1, 2}, "UPS.Good Feature 0:1+1 0..1"},
		{"NUT ignores Pop",
			[]byte{0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0xa4, 0x25, 9, 0xb4, 0x09, 0x61, 0xb1, 2}, "UPS.Good Feature 0:0+1 0..1"},
	}
	for _, tt := range tests {
		d, _ := Parse(ups(tt.items...))
		if got := show(d); len(got) == 0 || got[len(got)-1] != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestReportLen(t *testing.T) {
	d, _ := Parse(ups(0x15, 0, 0x25, 1, 0x75, 1, 0x95, 9, 0x09, 0x61, 0xb1, 2, 0x85, 7, 0x09, 0x61, 0xb1, 2))
	for id, want := range map[uint8]int{0: 2, 7: 3, 8: 0} {
		if got := d.ReportLen(Feature, id); got != want {
			t.Errorf("report %d: %d bytes, want %d", id, got, want)
		}
	}
	if got := d.Reports(Feature); len(got) != 2 || got[0] != 0 || got[1] != 7 {
		t.Errorf("reports %v, want 0 and 7", got)
	}
}

func TestArray(t *testing.T) {
	d, _ := Parse(ups(0x15, 1, 0x25, 3, 0x75, 8, 0x95, 1, 0x19, 0x60, 0x29, 0x62, 0x81, 0))
	if len(d.Fields) != 1 || len(d.Fields[0].Choices) != 3 {
		t.Fatalf("%+v", d.Fields)
	}
	for report, want := range map[byte]Usage{1: 0x840060, 3: 0x840062} {
		if got, ok := d.Fields[0].Selected([]byte{report}); !ok || got != want {
			t.Errorf("report %d selects %v, want %v", report, got, want)
		}
	}
	if got, ok := d.Fields[0].Selected([]byte{0}); ok {
		t.Errorf("0 selects %v, want none", got)
	}
}
