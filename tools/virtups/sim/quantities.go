package sim

import (
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/model"
)

// class says how a quantity becomes the bits of a field.
type class uint8

const (
	flag    class = iota // 0 or 1
	number               // as it is, whatever unit the field claims
	percent              // of the capacity that the device counts in
	seconds              // negative means that a timer is off
	measure              // volts, hertz, watts, amperes, kelvins in the field's unit
)

// quantity is something that the model knows and a report tells.
type quantity struct {
	class class
	read  func(*model.Unit) float64
}

// where is a usage within a part of the UPS; part whole stands for any.
type where struct {
	usage hid.Usage
	part  place
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func is(f func(*model.Unit) bool) quantity {
	return quantity{flag, func(u *model.Unit) float64 { return truth(f(u)) }}
}

func takes(f func(*model.Unit) float64) quantity { return quantity{measure, f} }

func lasts(f func(*model.Unit) time.Duration) quantity {
	return quantity{seconds, func(u *model.Unit) float64 {
		if d := f(u); d >= 0 {
			return d.Seconds()
		}
		return -1
	}}
}

const roomTemperature = 298.15 // kelvins

func batteryAmperes(u *model.Unit) float64 {
	if !u.Discharging() {
		return 0
	}
	return outputWatts(u) / u.BatteryVolts()
}

func outputWatts(u *model.Unit) float64 { return u.Rating.Watts * u.OutputLoad() / 100 }

func outputVoltAmperes(u *model.Unit) float64 { return u.Rating.VoltAmperes * u.OutputLoad() / 100 }

func outputAmperes(u *model.Unit) float64 { return outputVoltAmperes(u) / u.Rating.OutputVolts }

// quantities is everything that the model keeps coherent, by usage (HID Power Device Class 1.0, 4.1 and 4.2).
var quantities = map[where]quantity{
	{0x8500d0, whole}:  is((*model.Unit).LineGood), // ACPresent
	{0x850044, whole}:  is((*model.Unit).Charging),
	{0x850045, whole}:  is((*model.Unit).Discharging),
	{0x850042, whole}:  is((*model.Unit).Low), // BelowRemainingCapacityLimit
	{0x850043, whole}:  is(func(u *model.Unit) bool { return u.OnBattery() && u.Runtime() <= u.LowRuntime }),
	{0x850046, whole}:  is(func(u *model.Unit) bool { return u.Charge >= 100 }),
	{0x850047, whole}:  is(func(u *model.Unit) bool { return u.Charge <= 0 }),
	{0x85004b, whole}:  is(func(u *model.Unit) bool { return u.Worn }),
	{0x8500d1, whole}:  is(func(*model.Unit) bool { return true }), // BatteryPresent
	{0x840065, whole}:  is((*model.Unit).Overloaded),
	{0x840069, whole}:  is((*model.Unit).Ending), // ShutdownImminent
	{0x840068, whole}:  is(func(u *model.Unit) bool { return u.Shutdown >= 0 || u.Reboot >= 0 }),
	{0x84006e, whole}:  is((*model.Unit).Boosting),
	{0x84006f, whole}:  is((*model.Unit).Bucking),
	{0x840072, whole}:  is((*model.Unit).Waiting),
	{0x840063, inlet}:  is(func(u *model.Unit) bool { return !u.LineGood() }), // VoltageOutOfRange
	{0x84006b, whole}:  is(func(u *model.Unit) bool { return u.Output }),      // SwitchOn/Off
	{0x840073, whole}:  is(func(*model.Unit) bool { return false }),           // CommunicationLost
	{0x840060, whole}:  is(func(*model.Unit) bool { return true }),            // Present
	{0x840061, outlet}: is(func(u *model.Unit) bool { return u.Output }),      // Good
	{0x840061, inlet}:  is((*model.Unit).LineGood),                            // Good

	{0x850066, whole}: {percent, func(u *model.Unit) float64 { return u.Charge }},
	{0x850064, whole}: {percent, func(u *model.Unit) float64 { return u.Charge }},
	{0x850029, whole}: {percent, func(u *model.Unit) float64 { return u.LowCharge }},
	{0x850068, whole}: lasts((*model.Unit).Runtime),
	{0x85002a, whole}: lasts(func(u *model.Unit) time.Duration { return u.LowRuntime }),
	{0x840057, whole}: lasts(func(u *model.Unit) time.Duration { return u.Shutdown }),
	{0x840056, whole}: lasts(func(u *model.Unit) time.Duration { return u.Startup }),
	{0x840055, whole}: lasts(func(u *model.Unit) time.Duration { return u.Reboot }),

	{0x840035, whole}: {number, (*model.Unit).OutputLoad},
	{0x840058, whole}: {number, func(u *model.Unit) float64 { return float64(u.TestState) }},
	{0x84005a, whole}: {number, func(u *model.Unit) float64 { return float64(u.Alarm) }},

	{0x840030, inlet}:   takes((*model.Unit).LineVolts),
	{0x840030, outlet}:  takes((*model.Unit).OutputVolts),
	{0x840030, battery}: takes((*model.Unit).BatteryVolts),
	{0x840032, inlet}:   takes((*model.Unit).LineHertz),
	{0x840032, outlet}:  takes((*model.Unit).OutputHertz),
	{0x840031, outlet}:  takes(outputAmperes),
	{0x840031, battery}: takes(batteryAmperes),
	{0x840034, whole}:   takes(outputWatts),
	{0x840033, whole}:   takes(outputVoltAmperes),
	{0x840036, whole}:   takes(func(*model.Unit) float64 { return roomTemperature }),
	{0x840053, whole}:   takes(func(u *model.Unit) float64 { return u.LowTransfer }),
	{0x840054, whole}:   takes(func(u *model.Unit) float64 { return u.HighTransfer }),
	{0x840040, inlet}:   takes(func(u *model.Unit) float64 { return u.Rating.InputVolts }),
	{0x840040, outlet}:  takes(func(u *model.Unit) float64 { return u.Rating.OutputVolts }),
	{0x840040, battery}: takes(func(u *model.Unit) float64 { return u.Rating.BatteryVolts }),
	{0x840044, whole}:   takes(func(u *model.Unit) float64 { return u.Rating.Watts }),
	{0x840043, whole}:   takes(func(u *model.Unit) float64 { return u.Rating.VoltAmperes }),

	// APC's own page.
	{0xff86007c, whole}: lasts(func(u *model.Unit) time.Duration { return u.Reboot }),
	{0xff86007d, whole}: lasts(func(u *model.Unit) time.Duration { return u.Shutdown }),
	{0xff86007e, whole}: lasts(func(u *model.Unit) time.Duration { return u.Startup }),
	{0xff860060, whole}: {number, func(u *model.Unit) float64 { // 8 while the outlets are on, 16 while they are off
		if u.Output {
			return 8
		}
		return 16
	}},
}

// lookup finds what a field tells, preferring the entry of its part.
func lookup(f *hid.Field) (quantity, place, bool) {
	part := placeOf(f.Path)
	if part == elsewhere || f.Index != 0 {
		return quantity{}, part, false
	}
	if q, ok := quantities[where{f.Usage(), part}]; ok {
		return q, part, true
	}
	q, ok := quantities[where{f.Usage(), whole}]
	return q, part, ok
}
