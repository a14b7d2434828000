package usbhid

import "math"

// scaled writes a value that the device sends in another unit than its descriptor declares.
func scaled(factor float64, n int) convert {
	return shown(func(v float64, _ *inputs) (string, bool) { return format(v*factor, n) })
}

// nearby are the powers of ten by which descriptors are known to be wrong, the likeliest first.
var nearby = [...]float64{1, 0.1, 1e5}

// near writes a voltage with the power of ten that brings it near the nominal one, which has to stand in a row before. What comes near
// by none of them, zero above all, stays as it is.
func near(nominal string, n int) convert {
	return shown(func(v float64, in *inputs) (string, bool) {
		full := in.number(nominal)
		for _, factor := range nearby {
			if share := v * factor / full; full > 0 && share > 0.25 && share < 4 {
				return format(v*factor, n)
			}
		}
		return format(v, n)
	})
}

// mainsHertz writes a mains frequency that some devices send in tenths or hundredths and do not say so.
var mainsHertz = shown(func(v float64, _ *inputs) (string, bool) {
	switch {
	case v >= 2000:
		v /= 100
	case v >= 200:
		v /= 10
	}
	return format(v, 1)
})

// minutes writes a time that is counted in minutes as seconds.
var minutes = scaled(60, 0)

// inMinutes packs a delay into whole minutes of which the first is already under way, so that it never ends early.
func inMinutes(seconds float64) (float64, error) { return math.Ceil(seconds/60) + 1, nil }
