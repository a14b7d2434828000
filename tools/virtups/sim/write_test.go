package sim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/model"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

func TestSetReport(t *testing.T) {
	for _, c := range []struct {
		name   string
		data   []byte
		status usbredir.Status
		check  func(u model.Unit) bool
	}{
		{"shutdown", []byte{0x11, 20, 0}, usbredir.Success, func(u model.Unit) bool { return u.Shutdown == 20*time.Second }},
		{"no shutdown", []byte{0x11, 0xff, 0xff}, usbredir.Success, func(u model.Unit) bool { return u.Shutdown == model.Off }},
		{"startup", []byte{0x12, 30, 0}, usbredir.Success, func(u model.Unit) bool { return u.Startup == 30*time.Second }},
		{"reboot", []byte{0x13, 1, 0}, usbredir.Success, func(u model.Unit) bool { return u.Reboot == time.Second }},
		{"mute", []byte{0x14, 3}, usbredir.Success, func(u model.Unit) bool { return u.Alarm == model.AlarmMuted }},
		{"quick test", []byte{0x32, 1}, usbredir.Success, func(u model.Unit) bool { return u.Testing() }},
		{"limit", []byte{0x03, 35}, usbredir.Success, func(u model.Unit) bool { return u.LowCharge == 35 }},
		{"transfer", []byte{0x42, 200, 0}, usbredir.Success, func(u model.Unit) bool { return u.LowTransfer == 200 }},
		{"constant", []byte{0x41, 120, 0}, usbredir.Success, func(u model.Unit) bool { return u.Rating.InputVolts == 230 }},
		{"too short", []byte{0x11, 20}, usbredir.Stall, func(u model.Unit) bool { return u.Shutdown == model.Off }},
		{"no such report", []byte{0x99, 20}, usbredir.Stall, func(model.Unit) bool { return true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := open(t, devices.Default, Options{})
				guest, ctx := plugged(t, u)
				_, status, err := guest.Control(ctx, 0x21, 9, 0x0300|uint16(c.data[0]), 0, 0, c.data)
				if err != nil || status != c.status {
					t.Errorf("status %d, %v", status, err)
				}
				if unit := u.Model(); !c.check(unit) {
					t.Errorf("%+v", unit)
				}
				if w := u.Writes(); len(w) != 1 || w[0].Kind != hid.Feature {
					t.Errorf("journal: %v", w)
				}
			})
		})
	}
}

// One report that holds everything is written to start a test: its idle timers stay idle.
func TestWriteBesideIdleTimers(t *testing.T) {
	u := open(t, "plain-600", Options{})
	data := u.Report(hid.Feature, 0)
	for i := range u.bindings {
		if f := u.bindings[i].field; f.Usage() == 0x840058 {
			f.Put(data, 1)
		}
	}
	u.mu.Lock()
	ok := u.write(hid.Feature, 0, data)
	u.mu.Unlock()
	unit := u.Model()
	if !ok || !unit.Testing() || unit.Shutdown != model.Off || unit.Startup != model.Off {
		t.Errorf("accepted %v, %+v", ok, unit)
	}
}

// The load loses power by order only when somebody ordered it, and the journal of cuts says who.
func TestCutNamesTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := open(t, devices.Default, Options{})
		guest, ctx := plugged(t, u)
		if _, _, err := guest.Control(ctx, 0x21, 9, 0x0311, 0, 0, []byte{0x11, 2, 0}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		unit := u.Model()
		if len(unit.Cuts) != 1 || !unit.Cuts[0].Ordered || unit.Cuts[0].Reason != "the computer wrote report 0x11" {
			t.Errorf("%+v", unit.Cuts)
		}
	})
}
