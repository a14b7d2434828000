package hid

import (
	"math"
	"testing"
)

func TestRaw(t *testing.T) {
	tests := []struct {
		name   string
		field  Field
		report []byte
		want   int64
		ok     bool
	}{
		{"byte after the id", Field{ReportID: 1, Size: 8, LogicalMax: 100}, []byte{1, 64}, 64, true},
		{"no id", Field{Size: 8, LogicalMax: 100}, []byte{64}, 64, true},
		{"bits across bytes", Field{ReportID: 1, Offset: 6, Size: 4, LogicalMax: 15}, []byte{1, 0x40, 0x02}, 9, true},
		{"32 bits across 5 bytes", Field{Offset: 4, Size: 32, LogicalMax: math.MaxUint32}, []byte{0xf0, 0xff, 0xff, 0xff, 0x0f}, math.MaxUint32, true},
		{"negative", Field{ReportID: 1, Size: 16, LogicalMin: -1, LogicalMax: 32767}, []byte{1, 0xff, 0xff}, -1, true},
		{"garbage above the range", Field{Size: 32, LogicalMax: 65535}, []byte{0x00, 0x0a, 0x08, 0x08}, 0x0a00, true},
		{"clamped", Field{Size: 8, LogicalMax: 100}, []byte{101}, 100, true},
		{"constant", Field{Size: 8, LogicalMin: 230, LogicalMax: 230}, []byte{0}, 230, true},
		{"too short", Field{ReportID: 1, Size: 16, LogicalMax: 65535}, []byte{1, 2}, 0, false},
		{"empty", Field{ReportID: 1, Size: 1, LogicalMax: 1}, nil, 0, false},
		{"null", Field{Size: 8, LogicalMax: 100, Flags: NullState}, []byte{255}, 0, false},
	}
	for _, tt := range tests {
		if got, ok := tt.field.Raw(tt.report); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %d %v, want %d %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestPut(t *testing.T) {
	f := Field{ReportID: 1, Offset: 6, Size: 4, LogicalMin: -8, LogicalMax: 7}
	report := []byte{1, 0xff, 0xff}
	if !f.Put(report, -8) || report[1] != 0x3f || report[2] != 0xfe {
		t.Errorf("put -8: % x", report)
	}
	if f.Put(report, 8) || f.Put(report[:2], 0) {
		t.Error("put accepts what does not fit")
	}
}

func TestPhysical(t *testing.T) {
	const volt, kelvin = 0x00f0d121, 0x00010001
	tests := []struct {
		name  string
		field Field
		raw   int64
		want  float64
	}{
		{"plain", Field{LogicalMax: 100}, 42, 42},
		{"hundredths of a volt", Field{LogicalMax: 65535, Unit: volt, Exponent: 5}, 1350, 13.5},
		{"kelvin", Field{LogicalMax: 65535, Unit: kelvin}, 297, 297},
		{"tenths without unit", Field{LogicalMax: 65535, Exponent: -1}, 499, 49.9},
		{"physical range", Field{LogicalMin: -1, LogicalMax: 32767, PhysicalMin: -60, PhysicalMax: 1966020}, -1, -60},
		{"physical range clamps", Field{LogicalMax: 10, PhysicalMin: 1, PhysicalMax: 2}, 30, 2},
		{"physical range both zero", Field{LogicalMin: 5, LogicalMax: 10}, 7, 7},
	}
	for _, tt := range tests {
		if got := tt.field.Physical(tt.raw); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %g, want %g", tt.name, got, tt.want)
		}
	}
	for raw := range int64(1000) {
		f := tests[1].field
		if got := f.Logical(f.Physical(raw)); got != raw {
			t.Fatalf("%d comes back as %d", raw, got)
		}
	}
}

func TestUnitName(t *testing.T) {
	for unit, want := range map[uint32]string{0: "", 0x00f0d121: "V", 0xf001: "Hz", 0x12: "0x00000012"} {
		if got := (&Field{Unit: unit}).UnitName(); got != want {
			t.Errorf("%#x: got %q, want %q", unit, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	names := Names{0xff860005: "General"}
	for _, s := range []string{"UPS.PowerSummary.PresentStatus.ACPresent", "UPS.Flow.[4].ConfigVoltage", "UPS.General.ff86007d"} {
		p, err := ParsePath(s, names)
		if err != nil || p.Format(names) != s {
			t.Errorf("%s comes back as %v, %v", s, p.Format(names), err)
		}
	}
	for _, s := range []string{"", "UPS.", "UPS.Nothing", "UPS.[x]", "UPS.12"} {
		if p, err := ParsePath(s, names); err == nil {
			t.Errorf("%q parses as %v", s, p)
		}
	}
}
