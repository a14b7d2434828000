package sim

import (
	"fmt"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/model"
)

// orders are what a written value does to the unit. Fields without an order merely keep what is written, where their kind allows it.
var orders = map[hid.Usage]func(u *model.Unit, v float64, by string){
	0x840057:   orderShutdown,
	0x840056:   orderStartup,
	0x840055:   orderReboot,
	0xff86007d: orderShutdown,
	0xff86007e: orderStartup,
	0xff86007c: orderReboot,
	0x840058:   orderTest,
	0x84005a:   orderAlarm,
	0x850029:   func(u *model.Unit, v float64, _ string) { u.LowCharge = v },
	0x85002a:   func(u *model.Unit, v float64, _ string) { u.LowRuntime = duration(v) },
	0x840053:   func(u *model.Unit, v float64, _ string) { u.LowTransfer = v },
	0x840054:   func(u *model.Unit, v float64, _ string) { u.HighTransfer = v },
}

func duration(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

func orderShutdown(u *model.Unit, v float64, by string) { u.OrderShutdown(timer(v), by) }

func orderReboot(u *model.Unit, v float64, by string) { u.OrderReboot(timer(v), by) }

func orderStartup(u *model.Unit, v float64, _ string) { u.OrderStartup(timer(v)) }

// timer is a count of seconds where a negative one is off.
func timer(v float64) time.Duration {
	if v < 0 {
		return model.Off
	}
	return duration(v)
}

// orderTest follows HID Power Device Class 1.0, 4.1.5: 1 quick, 2 deep, 3 abort.
func orderTest(u *model.Unit, v float64, _ string) {
	switch v {
	case 1, 2:
		u.StartTest(v == 2)
	case 3:
		u.StopTest()
	}
}

func orderAlarm(u *model.Unit, v float64, _ string) {
	if a := model.Alarm(v); a >= model.AlarmDisabled && a <= model.AlarmMuted {
		u.Alarm = a
	}
}

// write does what SET_REPORT asks for. It reports false for a report that the device does not have or that is too short. The caller
// holds mu.
func (u *UPS) write(kind hid.Kind, id uint8, data []byte) bool {
	now := u.opts.Now()
	want := u.parsed.ReportLen(kind, id)
	if want == 0 || len(data) < want || id != 0 && data[0] != id {
		return false
	}
	u.keep(kind, id, data)
	by := fmt.Sprintf("the computer wrote report 0x%02x", id)
	for i := range u.bindings {
		b := &u.bindings[i]
		f := b.field
		order := orders[f.Usage()]
		if f.Kind != kind || f.ReportID != id || f.Flags&hid.Constant != 0 || order == nil {
			continue
		}
		if raw, ok := b.wide.Raw(data); ok && !b.rests(u.unit, raw) {
			order(u.unit, b.physical(raw), by)
		}
	}
	u.publish(now)
	return true
}

// rests reports whether a write leaves a timer alone that does not run.
func (b *binding) rests(unit *model.Unit, raw int64) bool {
	return b.quantity.class == seconds && raw == b.idle && b.quantity.read(unit) < 0
}

// keep stores the fields that are not the model's.
func (u *UPS) keep(kind hid.Kind, id uint8, data []byte) {
	for i := range u.parsed.Fields {
		f := &u.parsed.Fields[i]
		if f.Kind != kind || f.ReportID != id || f.Flags&hid.Constant != 0 {
			continue
		}
		w := wide(f)
		if raw, ok := w.Raw(data); ok {
			u.reports.put(f, raw)
		}
	}
}
