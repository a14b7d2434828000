package usbhid

import (
	"context"
	"math"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// wrong is a field that its vendor describes wrong.
type wrong struct {
	path   string
	field  hidtest.Built // beside the path and the report's kind and id
	wire   []byte        // of its report, without the id
	fault  float64       // what it reads as described
	name   string        // the variable that it feeds
	right  string        // and what that is
	reason string
}

const hertz, ampere, second = 0x0000f001, 0x00100001, 0x00001001

// narrow is a field of 16 bits with a maximum of 255.
func narrow(unit uint32, exponent int) hidtest.Built {
	return hidtest.Built{Size: 16, Max: 255, Unit: unit, Exponent: exponent}
}

func whole(unit uint32, exponent int) hidtest.Built {
	return hidtest.Built{Size: 16, Max: 65535, Unit: unit, Exponent: exponent}
}

// quirks are the faults of these families. Where a log shows the bytes, they are the log's.
var quirks = []struct {
	id     usb.ID
	wrongs []wrong
}{
	{usb.ID{Vendor: 0x05dd, Product: 0xa0a0, Manufacturer: "Minuteman", ProductName: "MINUTEMAN UPS"}, []wrong{
		{"PowerConverter.Input.Voltage", narrow(hid.Volt, 1), []byte{0xd1, 0x04}, 209e-6, "input.voltage", "123.3", "NUT says 0.0"},
		{"PowerConverter.Input.Frequency", narrow(hertz, 1), []byte{0x57, 0x02}, 870, "input.frequency", "59.9", "NUT says 870.0"},
		{"PowerConverter.Output.Voltage", narrow(hid.Volt, 1), []byte{0xc1, 0x04}, 193e-6, "output.voltage", "121.7", "NUT says 0.0"},
		{"PowerConverter.Output.Frequency", narrow(hertz, 1), []byte{0x57, 0x02}, 870, "output.frequency", "59.9", "NUT says 870.0"},
		{"PowerConverter.Output.Current", narrow(ampere, 1), []byte{0x16, 0x00}, 220, "output.current", "2.2", "NUT says 220.0"},
		{"PowerConverter.Output.ActivePower", narrow(0x0000d121, 7), []byte{0x2c, 0x01}, 44, "ups.realpower", "300.0", "300 W, which 8 bits cannot hold"},
		{"PowerConverter.Output.LowVoltageTransfer", narrow(hid.Volt, 7), []byte{0x57, 0x00}, 87, "input.transfer.low", "87.0", "is right"},
		{"BatterySystem.Battery.Voltage", narrow(hid.Volt, 1), []byte{0x9a, 0x01}, 154e-6, "battery.voltage", "41.0", "NUT says 0.0"},
		{"BatterySystem.Battery.ConfigVoltage", narrow(hid.Volt, 7), []byte{36, 0}, 36, "battery.voltage.nominal", "36.0", "is right"},
		{"OutletSystem.Outlet.DelayBeforeShutdown", whole(second, 0), []byte{0xff, 0xff}, 65535, "ups.timer.shutdown", "-1", "stopped"},
	}},
	{usb.ID{Vendor: 0x05dd, Product: 0x041b, ProductName: "UPS302R2000B0BA"}, []wrong{
		{"PowerConverter.Input.Voltage", whole(hid.Volt, 6), []byte{0xe8, 0x08}, 228, "input.voltage", "228.0", "is right"},
		{"PowerConverter.Input.Frequency", whole(hertz, -1), []byte{0x57, 0x02}, 59.9, "input.frequency", "59.9", "is right"},
	}},
	{usb.ID{Vendor: 0x1cb0, Product: 0x0038, ProductName: "KEOR PDU 800"}, []wrong{
		{"Output.Voltage", narrow(hid.Volt, 6), []byte{0x17, 0x09}, 2.3, "output.voltage", "233", "NUT says 2"},
		{"Input.Voltage", whole(hid.Volt, 6), []byte{0x17, 0x09}, 232.7, "input.voltage", "233", "is right"},
		{"PowerSummary.Voltage", whole(hid.Volt, 6), []byte{140, 0}, 14, "battery.voltage", "14.0", "NUT divides it by 10"},
		{"PowerSummary.ConfigVoltage", whole(hid.Volt, 6), []byte{120, 0}, 12, "battery.voltage.nominal", "12.0", "NUT divides it by 10"},
	}},
	{usb.ID{Vendor: 0x1cb0, Product: 0x0032, ProductName: "Legrand UPS"}, []wrong{
		{"PowerConverter.Input.Voltage", narrow(hid.Volt, 0), []byte{0xfa, 0x08}, 250e-7, "input.voltage", "229.8", "NUT says 25.0, times 1e6"},
		{"PowerConverter.Output.Voltage", narrow(hid.Volt, 1), []byte{0x2b, 0x09}, 43e-6, "output.voltage", "234.7", "NUT says 430.0, times 1e7"},
		{"BatterySystem.Battery.Voltage", whole(hid.Volt, 1), []byte{134, 0}, 134e-6, "battery.voltage", "13.4", "times 1e5 in NUT too"},
		{"PowerConverter.Output.HighVoltageTransfer", narrow(hid.Volt, 7), []byte{0x18, 0x01}, 24, "input.transfer.high", "280", "NUT says 240.0, times 10"},
		{"PowerConverter.Output.LowVoltageTransfer", narrow(hid.Volt, 7), []byte{170, 0}, 170, "input.transfer.low", "170", "is right"},
	}},
	{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "-BMS-", ProductName: "Smart-Battery"}, []wrong{
		{"PowerSummary.RunTimeToEmpty", hidtest.Built{Kind: hid.Input, Max: swapped, Unit: second}, []byte{0x10, 0x0e, 0, 0}, swapped, "battery.runtime", "3600", "NUT on 32 bits says -16777217"},
		{"PowerSummary.Voltage", hidtest.Built{Kind: hid.Input, Size: 16, Max: swapped, Unit: hid.Volt, Exponent: 5}, []byte{0x28, 0x05}, swapped * 0.01, "battery.voltage", "13.2", "NUT on 32 bits says -167772.2"},
	}},
}

// swapped is 0xfeffffff, which GoldenMate's firmware declares as a maximum in place of 0xfffffffe.
const swapped = -16777217

// described is what a field reads as its vendor describes it. A maximum below the minimum was once taken as it is written.
func described(t *testing.T, f hid.Field, w wrong, report []byte) float64 {
	t.Helper()
	if f.MaxAssumed {
		f.LogicalMax = w.field.Max
	}
	raw, ok := f.Raw(report)
	if !ok {
		t.Fatalf("%s: % x is too short", w.path, report)
	}
	return f.Physical(raw)
}

// TestQuirks reads each fault as described and as it is meant, from devices whose serials, product strings and report ids differ, and whose
// reports stand in another order.
func TestQuirks(t *testing.T) {
	for _, q := range quirks {
		for _, other := range []bool{false, true} {
			id, start, wrongs := q.id, uint8(1), slices.Clone(q.wrongs)
			if other {
				id.Serial, id.ProductName, start = "X-0815", "Another "+q.id.ProductName, 0x60
				slices.Reverse(wrongs)
			}
			t.Run(id.String()+" "+id.ProductName, func(t *testing.T) { checkQuirks(t, id, start, wrongs) })
		}
	}
}

func checkQuirks(t *testing.T, id usb.ID, start uint8, wrongs []wrong) {
	var built []hidtest.Built
	for i, w := range wrongs {
		w.field.Path, w.field.ReportID = longest(w.path, familyOf(id).names), start+uint8(i)
		if w.field.Kind != hid.Input {
			w.field.Kind = hid.Feature
		}
		built = append(built, w.field)
	}
	raw, _ := hid.Parse(hidtest.Build(built...))
	m := newModel(id, first(hid.Parse(hidtest.Build(built...))))
	for i, w := range wrongs {
		report := append([]byte{start + uint8(i)}, w.wire...)
		if got := described(t, raw.Fields[i], w, report); math.Abs(got-w.fault) > 1e-9*math.Abs(w.fault) {
			t.Errorf("%s reads %g as described, want %g", w.path, got, w.fault)
		}
		m.commit(m.decode(key{built[i].Kind, report[0]}, report))
	}
	vars := m.vars(nil)
	for _, w := range wrongs {
		if got := vars[w.name].Value; got != w.right {
			t.Errorf("%s: %q, want %q (%s)", w.name, got, w.right, w.reason)
		}
	}
}

// TestGoldenMate tells the packs from other devices with their ids.
func TestGoldenMate(t *testing.T) {
	for _, tt := range []struct {
		id   usb.ID
		want bool
	}{
		{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "-BMS-"}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, ProductName: "Smart-Battery"}, true},
		{usb.ID{Vendor: 0x075d, Product: 0x0300, ProductName: "iBox"}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "PPC", ProductName: "Offline UPS"}, false},
		{usb.ID{Vendor: 0x06da, Product: 0x0003, Manufacturer: "-BMS-"}, false},
	} {
		if got := familyOf(tt.id) == &idowell; got != tt.want {
			t.Errorf("%v %q %q is of iDowell: %v", tt.id, tt.id.Manufacturer, tt.id.ProductName, got)
		}
	}
}

func TestDeltaConversions(t *testing.T) {
	for _, tt := range []struct {
		as   convert
		v    float64
		want string
	}{
		{deltaTypes, 0x22, "line-interactive"}, {deltaTypes, 0, "online"}, {deltaTypes, 6, "split-phase"}, {deltaTypes, 7, ""},
		{deltaTypes, -1, ""},
		{deltaTimer, 65535, "-1"}, {deltaTimer, -1, "-1"}, {deltaTimer, 20, "20"},
		{deltaSources, 8, "on eco"}, {deltaSources, 9, ""}, {deltaSensitivities, 1, "reduced"},
	} {
		if got, _ := tt.as.show(tt.v, &inputs{}); got != tt.want {
			t.Errorf("%g is %q, want %q", tt.v, got, tt.want)
		}
	}
}

// deltaDevice has the model's name in a report, and a delay of its own for the start.
func deltaDevice() *usbtest.Device {
	field := func(report uint8, lo, hi int64, path string) hidtest.Built {
		return hidtest.Built{Path: longest(path, delta.names), Kind: hid.Feature, ReportID: report, Size: 16, Min: lo, Max: hi}
	}
	dev := usbtest.New(usb.ID{Vendor: 0x05dd, Product: 0x041b, Port: "1-1", ProductName: "UPS"}, hidtest.Build(
		field(1, 0, 1, "PowerSummary.PresentStatus.ACPresent"),
		field(2, -1, 32767, "OutletSystem.Outlet.DelayBeforeShutdown"),
		field(3, -1, 32767, "OutletSystem.Outlet.DelayBeforeStartup"),
		field(4, 0, 32767, "OutletSystem.Outlet.DeltaConfigStartPowerRestoreDelay"),
		field(5, 0, 1, "DeltaCustom.[1].DeltaConfigStartPowerRestore"),
		field(6, 0, 255, "DeltaCustom.[1].DeltaModelName"),
	))
	dev.SetReport(usbtest.Feature, 1, 1, 1, 0)
	dev.SetReport(usbtest.Feature, 2, 2, 0xff, 0xff)
	dev.SetReport(usbtest.Feature, 3, 3, 0xff, 0xff)
	dev.SetReport(usbtest.Feature, 4, 4, 0, 0)
	dev.SetReport(usbtest.Feature, 5, 5, 0, 0)
	dev.SetReport(usbtest.Feature, 6, 6, 9, 0)
	dev.SetString(9, "UPS302R2RT2B035 ")
	return dev
}

// TestDelta orders a shutdown of a UPS whose own delay for the start is 0: that is no delay for a command.
func TestDelta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, desk, store := deltaDevice(), NewDesk(nil), ups.NewStore()
		u, err := Open(t.Context(), dev, Options{Desk: desk})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- u.Run(ctx, store) }()
		time.Sleep(5 * time.Second)
		for name, want := range map[string]string{
			"ups.model": "UPS302R2RT2B035", "device.model": "UPS302R2RT2B035", "ups.delay.start": "0", "ups.start.auto": "no", "ups.status": "OL",
		} {
			if got := store.Get().Value(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if err := desk.InstCmd(ctx, "shutdown.return", ""); err != nil {
			t.Error(err)
		}
		want := [][]byte{{5, 1, 0}, {3, 30, 0}, {2, 20, 0}}
		if got := written(dev); !slices.EqualFunc(got, want, slices.Equal[[]byte]) {
			t.Errorf("written % x, want % x", got, want)
		}
		cancel()
		<-ended
	})
}

// FuzzMiscConversions shows any value of the fields of these families.
func FuzzMiscConversions(f *testing.F) {
	f.Add(65535.0)
	f.Add(math.Inf(-1))
	f.Fuzz(func(t *testing.T, v float64) {
		in := &inputs{vars: make(map[string]ups.Var), texts: newTexts()}
		for _, fam := range []*family{&delta, &idowell, &legrand, &powervar, &salicru} {
			for _, r := range fam.table(usb.ID{}) {
				got, ok := r.as.show(v, in)
				if n, err := strconv.ParseFloat(got, 64); ok && err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
					t.Errorf("%s: %g becomes %q", r.name, v, got)
				}
			}
		}
	})
}
