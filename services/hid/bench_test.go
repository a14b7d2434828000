package hid_test

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
)

// largest is the capture with the longest descriptor.
func largest(tb testing.TB) hidtest.Capture {
	tb.Helper()
	var longest hidtest.Capture
	for _, c := range hidtest.Captures(tb) {
		if len(c.ReportDescriptor) > len(longest.ReportDescriptor) {
			longest = c
		}
	}
	return longest
}

func BenchmarkParse(b *testing.B) {
	c := largest(b)
	raw := c.Descriptor(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		hid.Parse(raw)
	}
}

// extract reads all fields of all reports.
func extract(fields []hid.Field, report []byte) (sum float64) {
	for i := range fields {
		f := &fields[i]
		if raw, ok := f.Raw(report); ok {
			sum += f.Physical(raw)
		}
	}
	return sum
}

func BenchmarkExtract(b *testing.B) {
	c := largest(b)
	d, _ := hid.Parse(c.Descriptor(b))
	report := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		extract(d.Fields, report)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(d.Fields)), "ns/field")
}

// TestExtractAllocatesNothing reads all fields of every capture.
func TestExtractAllocatesNothing(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		d, _ := hid.Parse(c.Descriptor(t))
		report := make([]byte, 64)
		if n := testing.AllocsPerRun(100, func() { extract(d.Fields, report) }); n != 0 {
			t.Errorf("%s: %g allocations in %d fields", c.Name, n, len(d.Fields))
		}
	}
}
