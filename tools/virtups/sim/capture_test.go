package sim

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
)

// captures are all descriptions of real UPSes that can be plugged in.
func captures(t *testing.T) []*device.Description {
	files, _ := filepath.Glob("../../../../shared/captures/*.toml")
	var all []*device.Description
	for _, path := range files {
		if strings.HasSuffix(path, "-pathsonly.toml") {
			continue
		}
		d, err := device.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if all == nil {
		t.Skip("no captures of real UPSes beside the repository")
	}
	return all
}

// What a real UPS measured when it was captured is what the simulated one says when it is plugged in, but for what a unit at rest on the mains cannot
// have.
func TestCapturedMeasuresSurvive(t *testing.T) {
	for _, d := range captures(t) {
		t.Run(d.Name, func(t *testing.T) {
			u := New(d, Options{})
			for i := range u.bindings {
				b := &u.bindings[i]
				report := d.Feature[b.field.ReportID]
				before, ok := b.wide.Raw(report)
				if !ok || before == 0 || b.field.Kind != hid.Feature || b.quantity.class == flag {
					continue
				}
				after, _ := b.wide.Raw(u.Report(hid.Feature, b.field.ReportID))
				if math.Abs(float64(after-before)) > 1+math.Abs(float64(before))*0.02 {
					t.Errorf("%v in report 0x%02x was %d, is %d", b.field.Path, b.field.ReportID, before, after)
				}
			}
		})
	}
}

// The flags of every capture follow the mains.
func TestCapturesFollowTheMains(t *testing.T) {
	for _, d := range captures(t) {
		u := New(d, Options{})
		for _, mains := range []string{"off", "on"} {
			do(t, u, "mains "+mains)
			for _, v := range u.Values() {
				want := map[hid.Usage]bool{0x8500d0: mains == "on", 0x850045: mains == "off"}
				if on, known := want[v.Path[len(v.Path)-1]]; known && v.Modelled && v.Physical != truth(on) {
					t.Errorf("%s, mains %s: %v is %g", d.Name, mains, v.Path, v.Physical)
				}
			}
		}
	}
}
