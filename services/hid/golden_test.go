package hid_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
)

// TestCaptures compares every field with what NUT's parser found in the same device. There is no difference;
// TestUnlikeNUT has those that no capture shows.
func TestCaptures(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		t.Run(c.Name, func(t *testing.T) {
			d, problems := hid.Parse(c.Descriptor(t))
			for _, p := range problems {
				t.Logf("problem: %v", p)
			}
			if got := named(d); got != c.Verify.Items {
				t.Errorf("%d fields, want %d", got, c.Verify.Items)
			}
			reports := c.Feature(t)
			for id, r := range c.Input(t) {
				if _, ok := reports[id]; !ok {
					reports[id] = r
				}
			}
			for _, want := range c.Paths {
				checkPath(t, d, reports[want.ReportID], want)
			}
		})
	}
}

func checkPath(t *testing.T, d *hid.Descriptor, report []byte, want hidtest.Path) {
	t.Helper()
	f := find(d, want)
	if f == nil {
		t.Errorf("%s %s report 0x%02x bit %d: no such field", want.Path, want.Type, want.ReportID, want.Offset)
		return
	}
	if !samePath(f.Path, want.Path) {
		t.Errorf("report 0x%02x bit %d: path %v, want %s", want.ReportID, want.Offset, f.Path, want.Path)
	}
	raw, ok := f.Raw(report)
	if !ok {
		t.Errorf("%s: no value in % x", want.Path, report)
		return
	}
	value, err := strconv.ParseFloat(want.Value, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Physical(raw); math.Abs(got-value) > 1e-5*math.Abs(value) {
		t.Errorf("%s report 0x%02x bit %d size %d: %g, want %g in % x", want.Path, want.ReportID, want.Offset, want.Size, got, value, report)
	}
}

// samePath compares a path with NUT's name for it. A vendor's usage bears whatever name NUT gives it.
func samePath(p hid.Path, name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) == len(p) && !slices.ContainsFunc(p, func(u hid.Usage) bool {
		part := parts[0]
		parts = parts[1:]
		return u.Page() < 0xff00 && u.String() != part
	})
}

func find(d *hid.Descriptor, want hidtest.Path) *hid.Field {
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Kind.String() == want.Type && f.ReportID == want.ReportID && f.Offset == want.Offset && f.Size == want.Size {
			return f
		}
	}
	return nil
}

// named counts the fields as NUT does: those that repeat a usage are padding to it.
func named(d *hid.Descriptor) int {
	n := 0
	for _, f := range d.Fields {
		if f.Index == 0 {
			n++
		}
	}
	return n
}
