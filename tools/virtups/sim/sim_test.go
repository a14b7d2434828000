package sim

import (
	"bytes"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

const status = "UPS.PowerSummary.PresentStatus."

// Whatever a person does, a value that both kinds of report hold is the same in both, and it is the model's.
func TestReportsAreCoherent(t *testing.T) {
	for _, name := range devices.Names() {
		synctest.Test(t, func(t *testing.T) {
			u := open(t, name, Options{Speed: 60})
			for _, line := range []string{
				"status", "mains off", "battery 15", "load 120", "mains 190", "test deep", "replace on", "mains 265", "power off", "battery 0",
			} {
				do(t, u, line)
				time.Sleep(3 * time.Second)
				unit := u.Model()
				inputs := map[string]Value{}
				for _, v := range u.Values() {
					if v.Kind == hid.Input {
						inputs[v.Path.String()] = v
						continue
					}
					if in, both := inputs[v.Path.String()]; both && in.Raw != v.Raw {
						t.Errorf("%s, %s: %v is %d in the Input report, %d in the Feature report", name, line, v.Path, in.Raw, v.Raw)
					}
				}
				for i := range u.bindings {
					b := &u.bindings[i]
					got := value(t, u, b.field.Kind, b.field.Path.String())
					if want := b.physical(b.raw(&unit)); math.Abs(got.Physical-want) > 1e-9 {
						t.Errorf("%s, %s: %v is %g, want %g", name, line, b.field.Path, got.Physical, want)
					}
				}
			}
		})
	}
}

func TestMainsFail(t *testing.T) {
	u := open(t, devices.Default, Options{})
	do(t, u, "mains off")
	do(t, u, "battery 15")
	for path, want := range map[string]float64{
		status + "ACPresent": 0, status + "Discharging": 1, status + "Charging": 0, status + "BelowRemainingCapacityLimit": 1,
		status + "FullyCharged": 0, "UPS.PowerSummary.RemainingCapacity": 15, "UPS.Input.Voltage": 0, "UPS.Output.Voltage": 230,
	} {
		if v := value(t, u, hid.Feature, path); math.Abs(v.Physical-want) > 0.1 {
			t.Errorf("%s is %g, want %g", path, v.Physical, want)
		}
	}
}

// A change is reported at once, and every Input report now and then.
func TestInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := open(t, devices.Default, Options{})
		guest, ctx := plugged(t, u)
		if err := guest.Receive(ctx, 0x81, true); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		do(t, u, "mains off")
		var data []byte
		for len(data) == 0 || data[0] != 0x20 {
			var err error
			if data, err = guest.Report(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if data[1]&1 != 0 || time.Since(start) != 0 {
			t.Errorf("% x after %v", data, time.Since(start))
		}
		synctest.Wait()
		sent := u.Reports()
		if len(sent) == 0 || sent[0].Sent.Before(sent[0].Changed) {
			t.Errorf("journal: %v", sent)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := open(t, devices.Default, Options{Heartbeat: 2 * time.Second})
		guest, ctx := plugged(t, u)
		if err := guest.Receive(ctx, 0x81, true); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		seen := map[byte]bool{}
		for range u.reports.ids(hid.Input) {
			data, err := guest.Report(ctx)
			if err != nil {
				t.Fatal(err)
			}
			seen[data[0]] = true
		}
		if d := time.Since(start); d < 2*time.Second || d > 3*time.Second || len(seen) != len(u.reports.ids(hid.Input)) {
			t.Errorf("%d reports after %v", len(seen), d)
		}
	})
}

// An hour of battery in a minute.
func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := open(t, devices.Default, Options{Speed: 60})
		do(t, u, "mains off")
		plugged(t, u)
		before := u.Model()
		time.Sleep(5 * time.Second)
		after := u.Model()
		if d := after.Now() - before.Now(); d != 5*time.Minute {
			t.Errorf("%v passed in 5 s", d)
		}
		if lost := before.Runtime() - after.Runtime(); math.Abs(lost.Seconds()-300) > 1 {
			t.Errorf("runtime fell by %v", lost)
		}
	})
}

func TestGetReport(t *testing.T) {
	u := open(t, devices.Default, Options{})
	guest, ctx := plugged(t, u)
	for _, c := range []struct {
		name   string
		value  uint16
		length uint16
		want   []byte
		status usbredir.Status
	}{
		{"feature", 0x0303, 64, []byte{3, 20}, usbredir.Success},
		{"cut", 0x0303, 1, []byte{3}, usbredir.Success},
		{"input", 0x0120, 64, []byte{0x20, 0x21, 0x01}, usbredir.Success},
		{"no such report", 0x0399, 64, nil, usbredir.Stall},
		{"output", 0x0203, 64, nil, usbredir.Stall},
		{"no such type", 0x0903, 64, nil, usbredir.Stall},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, status, err := guest.Control(ctx, 0xa1, 1, c.value, 0, c.length, nil)
			if err != nil || status != c.status || !bytes.Equal(got, c.want) {
				t.Errorf("% x, status %d, %v", got, status, err)
			}
			reads := u.Reads()
			if last := reads[len(reads)-1]; last.Report != uint8(c.value) || last.Kind != hid.Kind(c.value>>8-1) || last.At.IsZero() {
				t.Errorf("journal: %+v", last)
			}
		})
	}
}
