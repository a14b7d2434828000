package hid_test

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
)

// small is a descriptor with two reports of every kind.
var small = []byte{0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, 0x15, 0x00, 0x25, 0x64, 0x75, 0x07, 0x95, 0x03, 0x85, 0x01, 0x09, 0x30, 0xb1, 0x02,
	0x85, 0x02, 0x09, 0x31, 0x81, 0x02, 0x15, 0xff, 0x09, 0x61, 0x91, 0x42, 0xc0}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, problems := hid.Parse(b)
		if len(problems) > 64 || len(d.Fields) > 4096 {
			t.Fatalf("%d problems, %d fields", len(problems), len(d.Fields))
		}
		for i := range d.Fields {
			fd := &d.Fields[i]
			end := fd.Offset + fd.Size
			if room := 8 * d.ReportLen(fd.Kind, fd.ReportID); end > room || fd.Size < 1 || fd.Size > 32 || fd.LogicalMax < fd.LogicalMin {
				t.Fatalf("%+v in a report of %d bits", fd, room)
			}
			_ = fd.Path.String()
		}
	})
}

func FuzzField(f *testing.F) {
	f.Add(small, []byte{1, 2, 3, 4}, int64(5))
	f.Fuzz(func(t *testing.T, descriptor, report []byte, v int64) {
		d, _ := hid.Parse(descriptor)
		for i := range d.Fields {
			fd := &d.Fields[i]
			raw, ok := fd.Raw(report)
			if ok && (raw < fd.LogicalMin || raw > fd.LogicalMax) {
				t.Fatalf("%d is outside of %d..%d", raw, fd.LogicalMin, fd.LogicalMax)
			}
			if logical := fd.Logical(fd.Physical(raw)); logical < fd.LogicalMin || logical > fd.LogicalMax {
				t.Fatalf("%d comes back as %d: %+v", raw, logical, fd)
			}
			fd.Selected(report)
			if fd.Put(report, v) {
				if got, ok := fd.Raw(report); !ok || got != v {
					t.Fatalf("put %d, got %d, %v: %+v", v, got, ok, fd)
				}
			}
		}
	})
}
