package hid

import mathbits "math/bits"

// Raw reads the field's logical value from a report that begins with its id byte where the device numbers its
// reports. It reports false where the report is too short or holds the null value.
//
// UPSes put garbage into bits above the logical range (Back-UPS BF500: 32 bits for a range of 0 to 65535),
// so only the bits that the range needs are taken, then the value is clamped to the range.
func (f *Field) Raw(report []byte) (int64, bool) {
	v, ok := f.bits(report)
	if !ok || f.Flags&NullState != 0 && !f.contains(f.extend(v, f.Size)) {
		return 0, false
	}
	return min(max(f.extend(v, f.width()), f.LogicalMin), f.LogicalMax), true
}

// bits reads the field as it stands.
func (f *Field) bits(report []byte) (uint64, bool) {
	first := f.firstBit()
	if first+f.Size > 8*len(report) {
		return 0, false
	}
	var v uint64
	at := first / 8
	for i := 0; 8*i < f.Size+first%8; i++ {
		v |= uint64(report[at+i]) << (8 * i)
	}
	return v >> (first % 8) & (1<<f.Size - 1), true
}

// Selected returns the usage that an array field selects. It reports false where the field is a variable or selects nothing.
func (f *Field) Selected(report []byte) (Usage, bool) {
	v, ok := f.bits(report)
	raw := f.extend(v, f.Size)
	if i := raw - f.LogicalMin; ok && f.contains(raw) && i < int64(len(f.Choices)) {
		return f.Choices[i], true
	}
	return 0, false
}

// Put writes the low bits of v at the field's place. It reports false where the report is too short or v is outside
// of the logical range or of what its bits can hold.
func (f *Field) Put(report []byte, v int64) bool {
	first := f.firstBit()
	if first+f.Size > 8*len(report) || !f.contains(v) || f.extend(uint64(v), f.Size) != v {
		return false
	}
	for i := range f.Size {
		bit := first + i
		mask := byte(1) << (bit % 8)
		report[bit/8] &^= mask
		if v>>i&1 != 0 {
			report[bit/8] |= mask
		}
	}
	return true
}

// firstBit is the field's place in the report as it travels.
func (f *Field) firstBit() int {
	if f.ReportID == 0 {
		return f.Offset
	}
	return f.Offset + 8
}

func (f *Field) contains(v int64) bool { return f.LogicalMin <= v && v <= f.LogicalMax }

// width is the number of the field's bits that the logical range needs, its sign included.
func (f *Field) width() int {
	n := max(magnitude(f.LogicalMin), magnitude(f.LogicalMax))
	if f.LogicalMin < 0 {
		n++
	}
	return min(n, f.Size)
}

// magnitude is the number of bits that v needs without a sign.
func magnitude(v int64) int {
	if v < 0 {
		v = ^v
	}
	return mathbits.Len64(uint64(v))
}

// extend takes the low n bits of v, as two's complement where the logical range begins below zero (HID 1.11, 5.8).
func (f *Field) extend(v uint64, n int) int64 {
	if n == 0 {
		return 0
	}
	shift := 64 - n
	if f.LogicalMin < 0 {
		return int64(v<<shift) >> shift
	}
	return int64(v << shift >> shift)
}
