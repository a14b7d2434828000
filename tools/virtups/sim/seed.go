package sim

import (
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/model"
)

// seeding says which value of a report becomes the model's, and between which bounds it is believed.
type seeding struct {
	at     where
	lo, hi float64
	set    func(*model.Unit, float64)
}

// seedings are in the order in which they build on one another.
var seedings = []seeding{
	{where{0x840040, inlet}, 90, 260, rate},
	{where{0x840030, inlet}, 80, 300, func(u *model.Unit, v float64) {
		if v < u.Rating.InputVolts*0.7 || v > u.Rating.InputVolts*1.4 { // the other of the world's two
			rate(u, map[bool]float64{true: 120, false: 230}[v < 160])
		}
		u.InputVolts = v
	}},
	{where{0x840040, outlet}, 90, 260, func(u *model.Unit, v float64) { u.Rating.OutputVolts = v }},
	{where{0x840040, battery}, 3, 500, func(u *model.Unit, v float64) {
		u.Rating.FloatVolts *= v / u.Rating.BatteryVolts
		u.Rating.BatteryVolts = v
	}},
	{where{0x840032, inlet}, 45, 65, func(u *model.Unit, v float64) { u.InputHertz, u.Rating.Hertz = v, v }},
	{where{0x840044, whole}, 50, 20000, func(u *model.Unit, v float64) { u.Rating.Watts = v }},
	{where{0x840043, whole}, 50, 20000, func(u *model.Unit, v float64) { u.Rating.VoltAmperes = v }},
	{where{0x840053, whole}, 60, 225, func(u *model.Unit, v float64) { u.LowTransfer = v }},
	{where{0x840054, whole}, 105, 320, func(u *model.Unit, v float64) { u.HighTransfer = v }},
	{where{0x840035, whole}, 1, 100, func(u *model.Unit, v float64) { u.Load = v }},
	{where{0x850066, whole}, 1, 100, func(u *model.Unit, v float64) { u.Charge = v }},
	{where{0x840030, battery}, 3, 600, func(u *model.Unit, v float64) {
		if ratio := v / u.BatteryVolts(); ratio > 1/credible && ratio < credible {
			u.Rating.FloatVolts *= ratio
		}
	}},
	{where{0x850068, whole}, 60, 65000, func(u *model.Unit, v float64) {
		ratio := v / u.Runtime().Seconds()
		u.Rating.FullLoad = time.Duration(float64(u.Rating.FullLoad) * ratio)
	}},
	{where{0x850029, whole}, 1, 90, func(u *model.Unit, v float64) { u.LowCharge = v }},
	{where{0x85002a, whole}, -1, 3600, func(u *model.Unit, v float64) { u.LowRuntime = timer(v) }},
	{where{0x840058, whole}, 1, 4, func(u *model.Unit, v float64) { u.TestState = model.Test(v) }},
	{where{0x84005a, whole}, 1, 3, func(u *model.Unit, v float64) { u.Alarm = model.Alarm(v) }},
}

// rate makes a unit for mains of a nominal voltage.
func rate(u *model.Unit, volts float64) {
	u.Rating.InputVolts, u.Rating.OutputVolts, u.InputVolts = volts, volts, volts
	u.LowTransfer, u.HighTransfer = volts*0.78, volts*1.17
	u.Rating.Hertz, u.InputHertz = 50, 50
	if volts < 160 {
		u.Rating.Hertz, u.InputHertz = 60, 60
	}
}

// seed returns a unit on mains that holds what the reports say, as far as that can be believed.
func seed(all []binding, r *reports) *model.Unit {
	u := model.New(model.DefaultRating)
	for _, s := range seedings {
		for i := range all {
			b := &all[i]
			if b.field.Usage() != s.at.usage || s.at.part != whole && b.part != s.at.part {
				continue
			}
			raw, ok := b.held(r)
			if v := b.physical(raw); ok && v >= s.lo && v <= s.hi && believable(b.field) {
				s.set(u, v)
				break
			}
		}
	}
	return u
}

// believable leaves out a field whose range is a single value: what it holds was never measured.
func believable(f *hid.Field) bool { return f.Size > 1 && f.LogicalMin != f.LogicalMax }
