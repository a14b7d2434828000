package usbhid

import (
	"fmt"
	"math"
	"regexp"
)

// Bits beside the seconds that say what follows the shutdown.
const (
	powercomReturns = 1 << 6 // the UPS starts when mains are back
	powercomStays   = 1 << 7 // it does not
)

// powercomPack writes minutes and seconds in a byte each. A delay of none is the longest there is, so it is made one second.
func powercomPack(o Options, then int) pack {
	return func(seconds float64) (float64, error) {
		n := max(int(seconds), 1)
		if seconds < 0 || n/60 > math.MaxUint8 {
			return 0, fmt.Errorf("%w: want 0 to %d seconds, got %g", ErrInvalid, math.MaxUint8*60+59, seconds)
		}
		high, low := n/60, n%60|then
		if o.PowercomByteOrder {
			high, low = low, high
		}
		return float64(high<<8 | low), nil
	}
}

// powercomDelays are the delays of the SKP series in seconds, of which one is chosen by its place, counted from 1 (Powercom, "Software
// USB communication controller SKP series", p. 17).
var powercomDelays = []int{12, 18, 24, 30, 36, 42, 48, 54, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600}

// powercomPlace chooses the shortest delay that is long enough: hosts that still shut down must not lose power.
func powercomPlace(seconds float64) (float64, error) {
	for i, delay := range powercomDelays {
		if seconds >= 0 && seconds <= float64(delay) {
			return float64(i + 1), nil
		}
	}
	return 0, fmt.Errorf("%w: want 0 to %d seconds, got %g", ErrInvalid, powercomDelays[len(powercomDelays)-1], seconds)
}

func powercomShutdown(o Options) pack {
	if o.PowercomDiscrete {
		return powercomPlace
	}
	return powercomPack(o, powercomReturns)
}

func powercomStayOff(o Options) pack { return powercomPack(o, powercomStays) }

// powercomStartup writes whole minutes, swapped in their two bytes unless the UPS has the table of delays. They end no earlier than asked.
func powercomStartup(o Options) pack {
	return func(seconds float64) (float64, error) {
		n, most := math.Ceil(seconds/60), float64(math.MaxUint16)
		if o.PowercomDiscrete {
			most = 99999
		}
		switch {
		case n < 0 || n > most:
			return 0, fmt.Errorf("%w: want 0 to %g seconds, got %g", ErrInvalid, 60*most, seconds)
		case o.PowercomDiscrete:
			return n, nil
		}
		return float64(bytesSwapped(n)), nil
	}
}

// bytesSwapped exchanges the low two bytes of a number.
func bytesSwapped(v float64) uint16 {
	n := uint16(int64(v))
	return n<<8 | n>>8
}

// powercomStarts shows the minutes until the start.
var powercomStarts = shown(func(v float64, _ *inputs) (string, bool) { return format(60*float64(bytesSwapped(v)), 0) })

// powercomCountdown shows the minutes and seconds until the shutdown, whatever is to follow it.
func powercomCountdown(o Options) convert {
	return shown(func(v float64, _ *inputs) (string, bool) {
		n := int64(v)
		minutes, seconds := n>>8&0xff, n&0xff
		if o.PowercomByteOrder {
			minutes, seconds = seconds, minutes
		}
		return format(float64(60*minutes+seconds&^(powercomReturns|powercomStays)), 0)
	})
}

// powercomKept is a delay that the driver keeps, if the UPS could take it.
func powercomKept(standard string, p pack) convert {
	c := kept(standard)
	c.edit = 8
	c.parse = func(s string, in *inputs) (float64, error) {
		v, err := parseDelay(s, in)
		if err == nil {
			_, err = p(v)
		}
		return v, err
	}
	return c
}

var decimalOnly = regexp.MustCompile(`^ *([0-9]{1,3}\.[0-9]{1,2}) `)

// powercomVoltage reads the number among the characters of the answer. On battery some firmware writes " 0072 3" (BNT-800AP): that is none.
var powercomVoltage = shown(func(v float64, _ *inputs) (string, bool) {
	if !(v >= 0 && v < 1<<(8*powercomAnswerChars)) {
		return "", false
	}
	var text [powercomAnswerChars]byte
	for i := range text {
		text[i] = byte(uint64(v) >> (8 * i))
	}
	found := decimalOnly.FindSubmatch(text[:])
	if found == nil {
		return "", false
	}
	return string(found[1]), true
})
