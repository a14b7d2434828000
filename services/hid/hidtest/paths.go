package hidtest

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
)

// Rebuild makes a report descriptor and the reports' contents from the paths of a capture that has only those: each field at its place, with a
// range of all its bits and an exponent that its value needs. The reports come with their id.
func (c *Capture) Rebuild(t testing.TB) (descriptor []byte, reports map[hid.Kind]map[uint8][]byte) {
	t.Helper()
	fields, values := c.fields(t)
	var padded []Built
	ends := make(map[hid.Kind]map[uint8]int)
	for i, f := range fields {
		if ends[f.Kind] == nil {
			ends[f.Kind] = make(map[uint8]int)
		}
		if gap := c.Paths[i].Offset - ends[f.Kind][f.ReportID]; gap > 0 {
			padded = append(padded, Built{Kind: f.Kind, ReportID: f.ReportID, Size: gap})
		}
		padded = append(padded, f)
		ends[f.Kind][f.ReportID] = c.Paths[i].Offset + f.Size
	}
	descriptor = Build(padded...)
	d, _ := hid.Parse(descriptor)
	reports = map[hid.Kind]map[uint8][]byte{hid.Feature: {}, hid.Input: {}}
	for i := range d.Fields {
		f := &d.Fields[i]
		report := reports[f.Kind][f.ReportID]
		if report == nil {
			report = make([]byte, d.ReportLen(f.Kind, f.ReportID))
			report[0] = f.ReportID
			reports[f.Kind][f.ReportID] = report
		}
		if !f.Put(report, values[i]) {
			t.Fatalf("%s: %v has no room for %d", c.Name, f.Path, values[i])
		}
	}
	return descriptor, reports
}

// fields sorts the capture's paths by their place and returns each as a field, with its logical value.
func (c *Capture) fields(t testing.TB) (fields []Built, values []int64) {
	t.Helper()
	slices.SortStableFunc(c.Paths, func(a, b Path) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ReportID, b.ReportID), cmp.Compare(a.Offset, b.Offset))
	})
	for _, p := range c.Paths {
		_, below, _ := strings.Cut(p.Path, ".")
		path, err := hid.ParsePath(below, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		value, err := strconv.ParseFloat(p.Value, 64)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		_, fraction, _ := strings.Cut(p.Value, ".")
		f := Built{Path: path, Kind: hid.Feature, ReportID: p.ReportID, Size: p.Size, Max: 1<<min(p.Size, 31) - 1, Exponent: -len(fraction)}
		if p.Type == hid.Input.String() {
			f.Kind = hid.Input
		}
		if value < 0 {
			f.Min, f.Max = -1<<(p.Size-1), 1<<(p.Size-1)-1
		}
		fields, values = append(fields, f), append(values, int64(math.Round(value*math.Pow10(len(fraction)))))
	}
	return fields, values
}
