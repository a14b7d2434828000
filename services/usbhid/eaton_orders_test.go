package usbhid

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestEatonOrders gives orders to fields of the vendor's own. Each is written once, and nothing is without an order.
func TestEatonOrders(t *testing.T) {
	values := map[string]int64{ // their reports are in this order, from 1 on
		"Flow.[4].ConfigVoltage":                           230,
		"OutletSystem.Outlet.[2].DelayBeforeShutdown":      -1,
		"OutletSystem.Outlet.[2].DelayBeforeStartup":       -1,
		"OutletSystem.Outlet.[2].OutletID":                 1,
		"PowerConverter.Input.[2].SwitchOffControl":        0,
		"PowerConverter.Input.[2].SwitchOnControl":         0,
		"PowerConverter.Input.[5].Switchable":              0,
		"PowerSummary.DelayBeforeShutdown":                 -1,
		"PowerSummary.DelayBeforeStartup":                  -1,
		"PowerSummary.PresentStatus.ACPresent":             1,
		"PowerSummary.Time":                                1569000990, // 2019-09-20 17:36:30
		"PowerConverter.Output.HighVoltageTransfer":        264,
		"PowerConverter.Input.[1].AutomaticRestart":        0,
		"OutletSystem.Outlet.[1].PresentStatus.Switchable": 1,
	}
	report := make(map[string]byte)
	for i, path := range sortedKeys(values) {
		report[path] = byte(i + 1)
	}
	wire := func(path string, v int32) []byte {
		return []byte{report[path], byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
	}
	const onControl, offControl, eco = "PowerConverter.Input.[2].SwitchOnControl", "PowerConverter.Input.[2].SwitchOffControl", "PowerConverter.Input.[5].Switchable"
	command := func(name string) func(*Desk) error {
		return func(d *Desk) error { return d.InstCmd(context.Background(), name, "") }
	}
	set := func(name, value string) func(*Desk) error {
		return func(d *Desk) error { return d.SetVar(context.Background(), name, value) }
	}
	for _, tt := range []struct {
		name  string
		order func(*Desk) error
		want  [][]byte
		err   error
	}{
		{"outlet off", command("outlet.1.load.off"), [][]byte{wire("OutletSystem.Outlet.[2].DelayBeforeShutdown", 0)}, nil},
		{"outlet on", command("outlet.1.load.on"), [][]byte{wire("OutletSystem.Outlet.[2].DelayBeforeStartup", 0)}, nil},
		{"an outlet that is not there", command("outlet.2.load.off"), nil, ErrUnknown},
		{"bypass", command("bypass.start"), [][]byte{wire(onControl, 1)}, nil},
		{"ESS", command("experimental.essmode.start"), [][]byte{wire(eco, 2)}, nil},
		{"ECO by way of the bypass", command("experimental.bypass.ecomode.start"), [][]byte{wire(onControl, 1), wire(eco, 1)}, nil},
		{"and back", command("experimental.bypass.ecomode.stop"), [][]byte{wire(offControl, 1), wire(eco, 0)}, nil},
		{"ECO as a variable", set("input.eco.switchable", "ECO"), [][]byte{wire(eco, 1)}, nil},
		{"the bypass as a variable", set("input.bypass.switch.on", "on"), [][]byte{wire(onControl, 1)}, nil},
		{"return", command("shutdown.return"), [][]byte{wire("PowerConverter.Input.[1].AutomaticRestart", 1),
			wire("PowerSummary.DelayBeforeStartup", 30), wire("PowerSummary.DelayBeforeShutdown", 20)}, nil},
		{"stay off", command("shutdown.stayoff"), [][]byte{wire("PowerConverter.Input.[1].AutomaticRestart", 0),
			wire("PowerSummary.DelayBeforeStartup", -1), wire("PowerSummary.DelayBeforeShutdown", 20)}, nil},
		{"voltage", set("output.voltage.nominal", "240"), [][]byte{wire("Flow.[4].ConfigVoltage", 240)}, nil},
		{"the voltage of another country", set("output.voltage.nominal", "120"), nil, ErrInvalid},
		{"transfer", set("input.transfer.high", "270"), [][]byte{wire("PowerConverter.Output.HighVoltageTransfer", 270)}, nil},
		{"date", set("ups.date", "2026/11/25"), [][]byte{wire("PowerSummary.Time", 1795628190)}, nil},
		{"time", set("ups.time", "00:00:00"), [][]byte{wire("PowerSummary.Time", 1568937600)}, nil},
		{"no time", set("ups.time", "noon"), nil, ErrInvalid},
		{"what the driver keeps", set("outlet.1.desc", "Router"), nil, nil},
		{"what it cannot keep", set("outlet.1.desc", `"Router"`), nil, ErrInvalid},
		{"what cannot be set", set("outlet.switchable", "no"), nil, ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dev, desk, store := eatonDevice(usb.ID{Vendor: 0x0463, Product: 0xffff, ProductName: "Eaton 9SX"}, values, false), NewDesk(nil), ups.NewStore()
				for _, path := range []string{onControl, offControl} { // they do not keep what is written
					dev.Fail(usbtest.Feature, report[path], func([]byte) ([]byte, error) { return wire(path, 0), nil })
				}
				u, err := Open(t.Context(), dev, Options{Desk: desk})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- u.Run(ctx, store) }()
				time.Sleep(5 * time.Second)
				if w := dev.Writes(); len(w) > 0 {
					t.Errorf("written without an order: %+v", w)
				}
				if err := tt.order(desk); !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				time.Sleep(time.Minute)
				if got := written(dev); !slices.EqualFunc(got, tt.want, slices.Equal[[]byte]) {
					t.Errorf("written % x, want % x", got, tt.want)
				}
				cancel()
				<-ended
			})
		})
	}
}

func TestEatonConversions(t *testing.T) {
	vars := map[string]ups.Var{
		"ups.load": {Value: "7"}, "ups.power.nominal": {Value: "700"}, "ups.date": {Value: "2019/09/20"}, "ups.time": {Value: "17:36:30"},
		eatonMonitored: {Value: "1"},
	}
	in := &inputs{vars: vars}
	for _, tt := range []struct {
		name string
		as   convert
		v    float64
		in   *inputs
		want string
	}{
		{"capacity", ampereHours, 32400, in, "9.00"},
		{"power factor", powerFactor, 82, in, "0.82"},
		{"power without a factor", estimatedPower, 700, in, "39"},
		{"power without a load", estimatedPower, 700, &inputs{}, ""},
		{"power with a factor", estimatedPower, 700, &inputs{vars: map[string]ups.Var{"ups.load": {Value: "50"}, "ups.power.nominal": {Value: "1000"},
			"output.powerfactor": {Value: "0.90"}}}, "450"},
		{"date", clockPart(eatonDate), 1569000990, in, "2019/09/20"},
		{"time", clockPart(eatonTime), 1569000990, in, "17:36:30"},
		{"no date", clockPart(eatonDate), -1, in, ""},
		{"charger by mode", abmMode, 3, in, "floating"},
		{"charger by status", abmStatus, 3, in, "resting"},
		{"charger without ABM", abmStatus, 3, &inputs{}, ""},
		{"charger in no state", abmMode, 5, in, ""},
		{"sensitivity", eatonSensitivity, 0, in, "normal"},
		{"type that is none", eatonTypes, 6, in, ""},
	} {
		if got, ok := tt.as.show(tt.v, tt.in); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %q %v, want %q", tt.name, got, ok, tt.want)
		}
	}
	for layout, s := range map[string]string{eatonDate: "2019/09/20", eatonTime: "17:36:30"} {
		if v, err := clockPart(layout).parse(s, in); err != nil || v != 1569000990 {
			t.Errorf("%s is %.0f, %v", s, v, err)
		}
	}
}

// FuzzEatonConversions shows any value of any field, and takes any text back.
func FuzzEatonConversions(f *testing.F) {
	f.Add(65535.0, "2019/09/20", "Eaton 3S")
	f.Add(math.Inf(-1), "17:36:30", "ELLIPSE")
	f.Fuzz(func(t *testing.T, v float64, s, product string) {
		in := &inputs{vars: map[string]ups.Var{"ups.date": {Value: s}, "ups.model": {Value: product}}, texts: newTexts()}
		for _, r := range eaton.table(usb.ID{Vendor: 0x0463, ProductName: product}) {
			got, ok := r.as.show(v, in)
			if n, err := strconv.ParseFloat(got, 64); ok && err == nil && r.name != "ups.model" && (math.IsNaN(n) || math.IsInf(n, 0)) {
				t.Errorf("%s: %g becomes %q", r.name, v, got)
			}
			if r.as.parse == nil {
				continue
			}
			if n, err := r.as.parse(s, in); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
				t.Errorf("%s: %q becomes %g", r.name, s, n)
			}
		}
	})
}
