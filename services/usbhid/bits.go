package usbhid

// bitsOn reads a flag from bits of which one is enough, for vendors that pack their state into one number.
func bitsOn(mask int64) sense {
	return func(raw int64) (on, known bool) { return raw&mask != 0, true }
}

// bitsOff reads a flag that is on while none of the bits is.
func bitsOff(mask int64) sense {
	return func(raw int64) (on, known bool) { return raw&mask == 0, true }
}

// bitsAre reads a flag that is on while the bits of the mask have the value.
func bitsAre(mask, want int64) sense {
	return func(raw int64) (on, known bool) { return raw&mask == want, true }
}

// mute stands for a flag that lies: what is read says nothing.
func mute(int64) (on, known bool) { return false, false }
