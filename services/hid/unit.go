package hid

import (
	"fmt"
	"math"
)

// systemSILinear is the only unit system of the Power Device Class (HID 1.11, 6.2.2.7): centimetre, gram, second.
const systemSILinear = 1

// Volt is the unit of voltages, 1e-7 V (HID 1.11, 6.2.2.7).
const Volt = 0x00f0d121

// Physical converts a logical value to volts, amperes, watts, seconds, kelvins, hertz or whatever SI unit the field declares.
func (f *Field) Physical(raw int64) float64 {
	v := float64(raw)
	if f.scaled() {
		lo, hi := float64(f.PhysicalMin), float64(f.PhysicalMax)
		v = (v-float64(f.LogicalMin))*(hi-lo)/float64(f.LogicalMax-f.LogicalMin) + lo
		v = min(max(v, lo), hi)
	}
	return v * math.Pow10(f.Scale())
}

// Logical is the inverse of Physical, rounded and clamped to the logical range.
func (f *Field) Logical(v float64) int64 {
	v *= math.Pow10(-f.Scale())
	if f.scaled() {
		lo, hi := float64(f.PhysicalMin), float64(f.PhysicalMax)
		v = (v-lo)*float64(f.LogicalMax-f.LogicalMin)/(hi-lo) + float64(f.LogicalMin)
	}
	if math.IsNaN(v) {
		return f.LogicalMin
	}
	return int64(min(max(math.Round(v), float64(f.LogicalMin)), float64(f.LogicalMax)))
}

// scaled reports whether the physical range differs from the logical one. Both ends zero mean that there is none (HID
// 1.11, 6.2.2.7).
func (f *Field) scaled() bool {
	return f.PhysicalMin < f.PhysicalMax && f.LogicalMin < f.LogicalMax
}

// Scale is the power of ten that leads to SI units proper: a HID volt is made of centimetres and grams, 1e-7 V.
func (f *Field) Scale() int {
	if f.Unit&0x0f != systemSILinear {
		return f.Exponent
	}
	length, mass := nibble(f.Unit, 1), nibble(f.Unit, 2)
	return f.Exponent - 2*length - 3*mass
}

// nibble is the n-th group of four bits as a two's complement number.
func nibble(unit uint32, n int) int {
	return int(int8(unit>>(4*n)<<4) >> 4)
}

// unitNames are the units of the Power Device Class (HID PDC 1.0, 3.2.1), as Physical leaves them.
var unitNames = map[uint32]string{
	0x00f0d121: "V", 0x00100001: "A", 0x0000d121: "W", 0x00001001: "s", 0x0000f001: "Hz", 0x00010001: "K", 0x00101001: "As",
}

// UnitName is the unit's symbol, "" where the field has none, hexadecimal for one that the Power Device Class does not use.
func (f *Field) UnitName() string {
	name, ok := unitNames[f.Unit]
	if !ok && f.Unit != 0 {
		return fmt.Sprintf("0x%08x", f.Unit)
	}
	return name
}
