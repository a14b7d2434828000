package hidtest

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
)

func TestBuild(t *testing.T) {
	var built []Built
	paths := []string{"PowerSummary.RemainingCapacity", "PowerConverter.Input.[1].Voltage", "OutletSystem.Outlet.[2].PresentStatus.SwitchOn/Off", "ManufacturerDate"}
	for i, s := range paths {
		path, err := hid.ParsePath(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		built = append(built, Built{Path: path, Kind: hid.Feature, ReportID: uint8(i + 1), Min: -1, Max: 1000, Exponent: -2})
	}
	d, problems := hid.Parse(Build(built...))
	if len(problems) > 0 || len(d.Fields) != len(paths) {
		t.Fatalf("%d fields, problems %v", len(d.Fields), problems)
	}
	for i, f := range d.Fields {
		if got := f.Path.String(); got != "UPS."+paths[i] || f.LogicalMin != -1 || f.LogicalMax != 1000 || f.Size != 32 || f.Exponent != -2 {
			t.Errorf("%s: %+v", got, f)
		}
	}
}
