package usbhid

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// captured plays a capture. Reports that it lacks are zeros of the declared length.
func captured(t testing.TB, name string) (*usbtest.Device, hidtest.Capture) {
	t.Helper()
	for _, c := range hidtest.Captures(t) {
		if c.Name != name {
			continue
		}
		dev := usbtest.New(usb.ID{
			Vendor: c.VendorID, Product: c.ProductID, Port: "1-1",
			Manufacturer: c.Manufacturer, ProductName: c.Product, Serial: c.Serial,
		}, c.Descriptor(t))
		d, _ := hid.Parse(c.Descriptor(t))
		held := c.Feature(t)
		for _, id := range d.Reports(hid.Feature) {
			report := held[id]
			if report == nil {
				report = make([]byte, d.ReportLen(hid.Feature, id))
				report[0] = id
			}
			dev.SetReport(usbtest.Feature, id, report...)
		}
		for i := range 256 {
			s, ok := captureTexts[name][uint8(i)]
			if !ok {
				s = "PbAc"
			}
			dev.SetString(uint8(i), s)
		}
		return dev, c
	}
	t.Skipf("no capture %s", name)
	return nil, hidtest.Capture{}
}

// TestBackUPS cuts the mains of a UPS that tells so in three reports, whose lengths are not what its descriptor declares.
func TestBackUPS(t *testing.T) {
	plug := func(t *testing.T) *usbtest.Device {
		dev, _ := captured(t, "apc-bk650m2-ch")
		dev.SetLatency(3 * time.Millisecond)
		return dev
	}
	cut := func(r *running) {
		r.dev.SetReport(usbtest.Feature, 0x13, 0x13, 0)
		r.dev.SetReport(usbtest.Feature, 0x16, 0x16, 0x0a, 0)
		r.dev.SetReport(usbtest.Feature, 0x7a, 0x7a, 0x0a)
	}
	for name, packet := range map[string][]byte{
		"told by the status":        {0x16, 0x0a, 0x00},
		"told by another report":    {0x13, 0},
		"told at the full length":   {0x16, 0x0a, 0, 0, 0},
		"told by a packet of eight": {0x16, 0x0a, 0, 0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			benchOf(t, plug, func(r *running) {
				r.after(time.Second, ups.Fresh, "OL DISCHRG")
				cut(r)
				r.dev.Push(packet...)
				r.after(50*time.Millisecond, ups.Fresh, "OB DISCHRG")
			})
		})
	}
	t.Run("garbage", func(t *testing.T) {
		benchOf(t, plug, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL DISCHRG")
			for id := range 256 {
				r.dev.Push(byte(id), 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5)
			}
			for range 60 {
				r.after(100*time.Millisecond, ups.Fresh, "OL DISCHRG")
			}
			if got := r.store.Get().Value("battery.charge"); got != "100" {
				t.Errorf("charge %q", got)
			}
		})
	})
}

// TestBackUPSCriesWolf has the battery complaints that UPSes of this make raise on mains for a moment.
func TestBackUPSCriesWolf(t *testing.T) {
	plug := func(t *testing.T) *usbtest.Device {
		dev, _ := captured(t, "apc-bk650m2-ch")
		return dev
	}
	const mains, worn, expired = 0x0e, 0x40, 0x20
	benchOf(t, plug, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL DISCHRG")
		r.dev.SetReport(usbtest.Feature, 0x16, 0x16, mains|worn|expired, 0)
		for range 25 {
			r.after(100*time.Millisecond, ups.Fresh, "OL DISCHRG")
		}
		r.dev.SetReport(usbtest.Feature, 0x16, 0x16, mains, 0)
		for range 50 {
			r.after(100*time.Millisecond, ups.Fresh, "OL DISCHRG")
		}
		r.dev.SetReport(usbtest.Feature, 0x16, 0x16, mains|worn, 0)
		r.after(7*time.Second, ups.Fresh, "ALARM OL DISCHRG RB")
		r.dev.SetReport(usbtest.Feature, 0x16, 0x16, 0x0a|expired, 0)
		r.dev.Push(0x16, 0x0a|expired, 0)
		r.after(50*time.Millisecond, ups.Fresh, "OB DISCHRG LB")
	})
}

// TestCaptureRuns reads whole captures through the loop and expects what the mapping alone says.
func TestCaptureRuns(t *testing.T) {
	for _, name := range []string{"apc-bk650m2-ch", "apc-back-ups-rs-1000g", "cyberpower-cp1300epfclcd", "cyberpower-cst135uc2", "eaton-3s-700",
		"legrand-keor-pdu-800", "liebert-gxt4", "powercom-bnt-800ap", "salicru-slc-twin-pro2", "smart-battery-075d", "tripplite-4003"} {
		t.Run(name, func(t *testing.T) {
			var c hidtest.Capture
			plug := func(t *testing.T) (dev *usbtest.Device) {
				dev, c = captured(t, name)
				return dev
			}
			benchOf(t, plug, func(r *running) {
				time.Sleep(5 * time.Second)
				snap := r.store.Get()
				for name, v := range filled(t, c).vars(nil) {
					if got := snap.Value(name); got != v.Value {
						t.Errorf("%s: %q, want %q", name, got, v.Value)
					}
				}
			})
		})
	}
}

// TestTrippLiteGlitch replays the poll in which a status report held a capacity (capture tripplite-4003, notes).
func TestTrippLiteGlitch(t *testing.T) {
	plug := func(t *testing.T) *usbtest.Device {
		dev, _ := captured(t, "tripplite-4003")
		return dev
	}
	benchOf(t, plug, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		n := 0
		r.dev.Fail(usbtest.Feature, 0x32, func(b []byte) ([]byte, error) {
			if n++; n == 1 {
				return []byte{0x32, 0x64, 0, 0}, nil
			}
			return b, nil
		})
		for range 60 {
			r.after(100*time.Millisecond, ups.Fresh, "OL")
		}
		if n < 2 {
			t.Errorf("the status was read %d times", n)
		}
	})
}

// TestCyberPowerClamp reads the output voltage that an unrepaired descriptor clamps to 260 V (capture
// cyberpower-cp1300epfclcd, clamp_case).
func TestCyberPowerClamp(t *testing.T) {
	dev, c := captured(t, "cyberpower-cp1300epfclcd")
	d, _ := hid.Parse(c.Descriptor(t))
	m := newModel(dev.ID(), d)
	m.commit(m.decode(key{hid.Feature, 0x12}, []byte{0x12, 0xe0, 0x00}))
	if got := m.vars(nil)["output.voltage"].Value; got != "224.0" {
		t.Errorf("output.voltage %q, want 224.0", got)
	}
}
