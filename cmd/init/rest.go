package main

import "time"

// A bus that was quiet for restTime is at rest: a hub's ports have power after at most half a second, and a device is looked at from a tenth of
// a second after it is seen (Linux's hub_power_on, hub_port_debounce). One that is never quiet is taken to be after longestRest.
const (
	restTime    = 750 * time.Millisecond
	longestRest = 5 * time.Second
)

// rest tells when the bus is at rest after the start, however long the kernel takes to find what is plugged in: the UPSes of a first start get
// their names in port order.
type rest struct {
	began, stirred time.Time
	done           bool // it was once: from then on each device is taken as it comes
}

// stir notes that something happened on the bus.
func (r *rest) stir(now time.Time) {
	if r.began.IsZero() {
		r.began = now
	}
	r.stirred = now
}

// reached tells whether the bus is, or was, at rest; settling is whether the kernel is busy with a device.
func (r *rest) reached(now time.Time, settling bool) bool {
	quiet := now.Sub(r.stirred) >= restTime && !settling
	r.done = r.done || !r.began.IsZero() && (quiet || now.Sub(r.began) >= longestRest)
	return r.done
}

// deadline is when to ask again if nothing happens; zero: never.
func (r *rest) deadline(now time.Time) time.Time {
	switch {
	case r.done || r.began.IsZero():
		return time.Time{}
	case now.Sub(r.stirred) >= restTime: // the kernel is busy
		return now.Add(restTime / 5)
	}
	return r.stirred.Add(restTime)
}
