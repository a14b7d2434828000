package usbhid

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// powercomDevice is one that speaks the class; its answer to Q1 has 7 characters in one report.
func powercomDevice() []built {
	return []built{
		{path: "PowerSummary.PresentStatus.ACPresent", id: 0x0a, raw: 1, size: 1},
		{path: "PowerSummary.AudibleAlarmControl", id: 0x13, raw: 2, size: 8},
		{path: "PowerSummary.DelayBeforeShutdown", id: 0x0f, raw: 0x0154},
		{path: "PowerSummary.DelayBeforeStartup", id: 0x10, raw: 0x0200, size: 17},
		{path: "PowerSummary.Voltage", id: 0x12, raw: 228},
		{path: "PowerSummary.ConfigVoltage", id: 0x11, raw: 220},
	}
}

func TestPowercomReadings(t *testing.T) {
	fields := powercomDevice()
	expect(t, "as the class has it", readOf(t, &generic, usb.ID{}, fields...), map[string]string{
		"battery.voltage": "228.0", "ups.beeper.status": "enabled", "ups.timer.shutdown": "340", "ups.timer.start": "512",
	})
	for _, id := range []usb.ID{
		{Vendor: 0x0d9f, Product: 4, ProductName: "HID UPS Battery", Serial: "004-0D9F-000"},
		{Vendor: 0x0d9f, Product: 0xa2, ProductName: "UPS  IMP--525AP FW2.A2"},
	} {
		if f := familyOf(id); f != &powercom {
			t.Fatalf("%v is of %s", id, f.name)
		}
		for _, fields := range [][]built{fields, reordered(fields)} {
			expect(t, "Powercom", readOf(t, &powercom, id, fields...), map[string]string{
				"battery.voltage": "", "battery.voltage.nominal": "", "ups.beeper.status": "disabled", "ups.timer.shutdown": "80", "ups.timer.start": "120", "ups.status": "OL",
			})
		}
	}
	legacy := powercom.under(Options{PowercomByteOrder: true})
	fields[2].raw = 0x5401
	expect(t, "the other byte order", readOf(t, legacy, usb.ID{}, fields...), map[string]string{"ups.timer.shutdown": "80"})
}

// TestPowercomAnswer reads the battery's voltage from the middle of an answer in characters, which the descriptor declares as one.
func TestPowercomAnswer(t *testing.T) {
	item := []byte{0x05, 0x84, 0x09, 0x04, 0xa1, 1, 0x09, 0x1e, 0xa1, 0, 0x85, 0xa4, 0x09, 0x01, 0x75, 8, 0x95, 7, 0x15, 0, 0x26, 0xff, 0, 0xb1, 3, 0xc0, 0xc0}
	for text, want := range map[string]string{
		" 26.6 3": "26.6", " 13.7 2": "13.7", " 54.05 ": "", "  6.9 3": "6.9", "126.6 3": "126.6", "2.25 39": "2.25",
		" 0072 3": "", "       ": "", "\xff\xff\xff\xff\xff\xff\xff": "", " 26.63": "", " 1.2.3 ": "", "": "",
	} {
		d, _ := hid.Parse(item)
		m := powercom.model(usb.ID{Vendor: 0x0d9f, Product: 4}, d)
		m.commit(m.decode(key{hid.Feature, 0xa4}, append([]byte{0xa4}, text...)))
		if got := m.vars(nil)["battery.voltage"].Value; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	d, _ := hid.Parse(item)
	if m := generic.model(usb.ID{}, d); m.vars(nil)["battery.voltage"].Value != "" {
		t.Error("the class has no voltage there")
	}
}

func FuzzPowercomVoltage(f *testing.F) {
	for _, text := range []string{" 26.6 3", " 0072 3", "999.99 "} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var v float64
		for i := min(len(text), 8) - 1; i >= 0; i-- {
			v = v*256 + float64(text[i])
		}
		if s, ok := powercomVoltage.show(v, &inputs{}); ok && (len(s) < 3 || len(s) > 6 || clean(s) != s) {
			t.Errorf("%q is shown as %q", text, s)
		}
		powercomStarts.show(v, &inputs{})
		powercomCountdown(Options{}).show(-v, &inputs{})
	})
}

func TestPowercomDelays(t *testing.T) {
	swap, discrete := Options{PowercomByteOrder: true}, Options{PowercomDiscrete: true}
	for _, tt := range []struct {
		name    string
		pack    pack
		seconds float64
		want    float64 // -1 for an error
	}{
		{"return", powercomShutdown(Options{}), 20, 0x0054},
		{"return", powercomShutdown(Options{}), 80, 0x0154},
		{"return at once", powercomShutdown(Options{}), 0, 0x0041},
		{"return, longest", powercomShutdown(Options{}), 15359, 0xff7b},
		{"return, too long", powercomShutdown(Options{}), 15360, -1},
		{"return, negative", powercomShutdown(Options{}), -5, -1},
		{"return, swapped", powercomShutdown(swap), 80, 0x5401},
		{"stay off", powercomStayOff(Options{}), 80, 0x0194},
		{"stay off, swapped", powercomStayOff(swap), 80, 0x9401},
		{"start", powercomStartup(Options{}), 60, 0x0100},
		{"start, not too early", powercomStartup(Options{}), 61, 0x0200},
		{"start at once", powercomStartup(Options{}), 0, 0},
		{"start after 300 minutes", powercomStartup(Options{}), 18000, 0x2c01},
		{"start, too long", powercomStartup(Options{}), 65536 * 60, -1},
		{"start, table of delays", powercomStartup(discrete), 18000, 300},
		{"table, at once", powercomShutdown(discrete), 0, 1},
		{"table", powercomShutdown(discrete), 12, 1},
		{"table, not too early", powercomShutdown(discrete), 13, 2},
		{"table", powercomShutdown(discrete), 60, 9},
		{"table", powercomShutdown(discrete), 61, 10},
		{"table, longest", powercomShutdown(discrete), 600, 18},
		{"table, too long", powercomShutdown(discrete), 601, -1},
	} {
		got, err := tt.pack(tt.seconds)
		if err != nil && !errors.Is(err, ErrInvalid) || (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
			t.Errorf("%s, %g s: 0x%04x, %v, want 0x%04x", tt.name, tt.seconds, int(got), err, int(tt.want))
		}
	}
}

// TestPowercomOrders checks what the commands write, with each of the options.
func TestPowercomOrders(t *testing.T) {
	swap, discrete := Options{PowercomByteOrder: true}, Options{PowercomDiscrete: true}
	for _, tt := range []struct {
		name, param string
		options     Options
		want        [][]byte
		err         error
	}{
		{"shutdown.return", "", Options{}, [][]byte{{0x0f, 0x54, 0}}, nil},
		{"shutdown.return", "80", Options{}, [][]byte{{0x0f, 0x54, 1}}, nil},
		{"shutdown.return", "80", swap, [][]byte{{0x0f, 1, 0x54}}, nil},
		{"shutdown.return", "80", discrete, [][]byte{{0x0f, 10, 0}}, nil},
		{"shutdown.return", "700", discrete, nil, ErrInvalid},
		{"shutdown.return", "99999", Options{}, nil, ErrInvalid},
		{"shutdown.return", "-1", Options{}, nil, ErrInvalid},
		{"shutdown.stayoff", "", Options{}, [][]byte{{0x0f, 0x94, 0}}, nil},
		{"shutdown.stayoff", "", swap, [][]byte{{0x0f, 0, 0x94}}, nil},
		{"shutdown.stayoff", "", discrete, nil, ErrUnknown},
		{"shutdown.default", "", Options{}, [][]byte{{0x0f, 0x54, 0}}, nil},
		{"load.on", "", Options{}, [][]byte{{0x10, 0, 0, 0}}, nil},
		{"load.on.delay", "", Options{}, [][]byte{{0x10, 0, 1, 0}}, nil},
		{"load.on.delay", "", discrete, [][]byte{{0x10, 1, 0, 0}}, nil},
		{"load.off", "", Options{}, nil, ErrUnknown},
		{"beeper.enable", "", Options{}, [][]byte{{0x13, 1}}, nil},
		{"beeper.disable", "", Options{}, [][]byte{{0x13, 0}}, nil},
		{"beeper.mute", "", Options{}, nil, ErrUnknown},
	} {
		playOf(t, usb.ID{Vendor: 0x0d9f, Product: 4, Port: "1-1"}, tt.options, func(p *played) {
			got, err := p.order(tt.name, tt.param)
			if !errors.Is(err, tt.err) || !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("%s %q with %+v wrote % x, %v, want % x, %v", tt.name, tt.param, tt.options, got, err, tt.want, tt.err)
			}
		}, powercomDevice()...)
	}
	playOf(t, usb.ID{Vendor: 0x0d9f, Product: 4, Port: "1-1"}, Options{}, func(p *played) {
		if err := p.desk.SetVar(p.t.Context(), "ups.delay.shutdown", "99999"); !errors.Is(err, ErrInvalid) {
			t.Errorf("a delay that the UPS cannot take: %v", err)
		}
		if err := p.desk.SetVar(p.t.Context(), "ups.delay.shutdown", "80"); err != nil {
			t.Error(err)
		}
		if got, err := p.order("shutdown.return", ""); err != nil || !slices.EqualFunc(got, [][]byte{{0x0f, 0x54, 1}}, slices.Equal) {
			t.Errorf("wrote % x, %v", got, err)
		}
	}, powercomDevice()...)
}

// TestPowercomOwnDelays has delays with a usage of the vendor's: 1 s stands for at once, as 0 would be the longest.
func TestPowercomOwnDelays(t *testing.T) {
	d := &hid.Descriptor{}
	for i, usage := range []hid.Usage{0x00ff0056, 0x00ff0057} {
		d.Fields = append(d.Fields, hid.Field{Path: hid.Path{0x840004, 0x840024, usage}, Kind: hid.Feature, ReportID: uint8(i + 1), Size: 16, LogicalMax: 65535})
	}
	m := powercom.model(usb.ID{}, d)
	m.commit(m.decode(key{hid.Feature, 1}, []byte{1, 0, 0}))
	m.commit(m.decode(key{hid.Feature, 2}, []byte{2, 30, 0}))
	expect(t, "own delays", m, map[string]string{"ups.timer.shutdown": "30", "ups.delay.shutdown": "20"})
	for name, want := range map[string]float64{"load.off": 0x81, "load.on": 0, "shutdown.return": 0x54, "shutdown.stayoff": 0x94} {
		c, ok := m.control(name)
		if !ok {
			t.Errorf("no %s", name)
			continue
		}
		if got, err := c.act.resolve("", m.inputs()); err != nil || got != want {
			t.Errorf("%s writes %g, %v, want %g", name, got, err, want)
		}
	}
}

// powercomPage2 is a Powercom 0d9f:0001, which has the class's numbers on usage page 2.
var powercomPage2 = []byte{
	0x05, 0x02, 0x09, 0x04, 0xa1, 1, 0x09, 0x16, 0xa1, 0, 0x15, 0, 0x26, 0xff, 0, 0x75, 8, 0x95, 1,
	0x09, 0x1a, 0xa1, 0, 0x85, 1, 0x09, 0x30, 0x81, 0x82, 0x09, 0x32, 0x81, 0x82, 0xc0,
	0x09, 0x1c, 0xa1, 0, 0x85, 2, 0x09, 0x35, 0x81, 0x82, 0x09, 0x81, 0x81, 0x82, 0x09, 0x82, 0x81, 0x82, 0xc0,
	0xc0, 0xc0,
}

// TestPowercomPage2 reads that UPS's two packed numbers: of product 1 by interrupts alone, as it answers nothing else.
func TestPowercomPage2(t *testing.T) {
	for _, product := range []uint16{1, 0x77} {
		synctest.Test(t, func(t *testing.T) {
			dev := usbtest.New(usb.ID{Vendor: 0x0d9f, Product: product, Port: "1-1"}, powercomPage2)
			dev.SetReport(usbtest.Input, 1, 1, 57, 50)
			dev.SetReport(usbtest.Input, 2, 2, 33, 0, 0)
			if product == 1 {
				dev.Fail(usbtest.Input, 1, usbtest.Stall)
				dev.Fail(usbtest.Input, 2, usbtest.Stall)
			}
			u, err := Open(t.Context(), dev, Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			store := ups.NewStore()
			go u.Run(ctx, store)
			time.Sleep(30 * time.Second)
			for _, tt := range []struct {
				state, mode byte
				want        string
			}{
				{0, 0, "OL"}, {0, 0x01, "OB"}, {0, 0x03, "OB LB"}, {0, 0x08, "OL TRIM"}, {0, 0x18, "OL BOOST"}, {0, 0x10, "OL"}, {0, 0x20, "OL OVER"},
				{0x02, 0, "ALARM OL RB"}, {0x04, 0, "CAL OL"}, {0x10, 0x01, "ALARM OB LB"}, {0x01, 0, "ALARM OL"},
			} {
				dev.SetReport(usbtest.Input, 2, 2, 33, tt.state, tt.mode)
				dev.Push(1, 57, 50, 0, 0, 0, 0, 0)
				dev.Push(2, 33, tt.state, tt.mode, 0, 0, 0, 0)
				time.Sleep(5 * time.Second)
				if got := store.Get().Value("ups.status"); got != tt.want {
					t.Errorf("%02x %02x: ups.status %q, want %q", tt.state, tt.mode, got, tt.want)
				}
			}
			for name, want := range map[string]string{"input.voltage": "228", "input.frequency": "50", "ups.load": "33"} {
				if got := store.Get().Value(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			cancel()
			synctest.Wait()
		})
	}
	_, err := Open(t.Context(), usbtest.New(usb.ID{Vendor: 1, Product: 1, Port: "1-1"}, powercomPage2), Options{})
	if !errors.Is(err, ErrNoPowerDevice) {
		t.Errorf("page 2 is a power device's only with this vendor: %v", err)
	}
}

// TestPowercomCapture has the voltage in the capture, on mains and on battery.
func TestPowercomCapture(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		if c.Name != "powercom-bnt-800ap" {
			continue
		}
		m := filled(t, c)
		m.commit(m.decode(key{hid.Feature, 0xa4}, []byte("\xa4 0072 3")))
		expect(t, "on battery", m, map[string]string{"battery.voltage": ""})
	}
}
