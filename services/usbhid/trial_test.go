package usbhid

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestTrial judges what a UPS tells, one look after the other.
func TestTrial(t *testing.T) {
	const (
		mains  = acPresent
		test   = selfTest
		feeds  = batteryUsed | discharging
		worn   = replaceBattery
		secs   = time.Second
		quick  = "test.battery.start.quick"
		stop   = "test.battery.stop"
		noTest = ""
	)
	type look struct {
		after time.Duration
		order string
		on    flag
		want  string
	}
	for name, looks := range map[string][]look{
		"an outage": {{0, "", mains, "OL"}, {0, "", discharging, "OB DISCHRG"}, {0, "", discharging | lowBattery, "OB DISCHRG LB"}},
		"the battery feeds the load, for no test":            {{0, "", mains | feeds, "OB DISCHRG"}},
		"a test with mains":                                  {{0, "", mains | test | feeds, "OL DISCHRG TEST"}, {10 * secs, "", mains | test | feeds | lowBattery, "OL DISCHRG TEST"}, {secs, "", mains | charging, "OL CHRG"}},
		"its result":                                         {{0, "", mains | test | feeds | worn, "OL DISCHRG RB TEST"}, {secs, "", mains | worn, "OL RB"}},
		"a test that looks like an outage":                   {{0, "", test | discharging | lowBattery, "DISCHRG TEST"}, {10 * secs, "", test | discharging | lowBattery, "DISCHRG TEST"}, {secs, "", mains, "OL"}},
		"mains go during a test":                             {{0, "", mains | test | feeds, "OL DISCHRG TEST"}, {5 * secs, "", test | discharging, "DISCHRG TEST"}, {14 * secs, "", test | discharging | lowBattery, "DISCHRG TEST"}, {secs, "", test | discharging | lowBattery, "OB DISCHRG LB TEST"}, {time.Hour, "", test | discharging | lowBattery, "OB DISCHRG LB TEST"}, {secs, "", mains | test, "OL TEST"}},
		"mains go during a test of a UPS that tells of them": {{0, "", mains, "OL"}, {0, "", mains | test | feeds, "OL DISCHRG TEST"}, {3 * secs, "", mains | test | feeds, "OL DISCHRG TEST"}, {2 * secs, "", test | discharging | lowBattery, "OB DISCHRG LB TEST"}, {secs, "", mains | test, "OL TEST"}},
		"and during the next one":                            {{0, "", mains, "OL"}, {0, "", mains | test | feeds, "OL DISCHRG TEST"}, {3 * secs, "", mains | test | feeds, "OL DISCHRG TEST"}, {9 * secs, "", mains, "OL"}, {time.Hour, "", test | discharging, "OB DISCHRG TEST"}},
		"a test that looks like an outage a little later":    {{0, "", mains, "OL"}, {0, "", mains | test | feeds, "OL DISCHRG TEST"}, {2 * secs, "", mains | test | feeds, "OL DISCHRG TEST"}, {2 * secs, "", test | discharging, "DISCHRG TEST"}, {8 * secs, "", mains, "OL"}},
		"and one that tells of no battery on mains":          {{0, "", mains, "OL"}, {0, "", mains | test, "OL TEST"}, {9 * secs, "", mains | test, "OL TEST"}, {2 * secs, "", test | discharging, "DISCHRG TEST"}, {8 * secs, "", mains, "OL"}},
		"a battery that always discharges tells nothing":     {{0, "", mains | discharging, "OL DISCHRG"}, {0, "", mains | test | discharging, "OL DISCHRG TEST"}, {9 * secs, "", mains | test | discharging, "OL DISCHRG TEST"}, {0, "", test | discharging, "DISCHRG TEST"}},
		"ordered, of a UPS that tells of mains":              {{0, "", mains, "OL"}, {0, quick, mains, "OL"}, {secs, "", mains | feeds, "OL DISCHRG"}, {3 * secs, "", mains | feeds, "OL DISCHRG"}, {secs, "", discharging, "OB DISCHRG"}},
		"the test ends and mains are still away":             {{0, "", test | discharging, "DISCHRG TEST"}, {3 * secs, "", discharging, "OB DISCHRG"}},
		"mains went before the test":                         {{0, "", discharging, "OB DISCHRG"}, {secs, "", discharging | test, "OB DISCHRG TEST"}, {secs, "", discharging | test | lowBattery, "OB DISCHRG LB TEST"}},
		"mains come and go":                                  {{0, "", test | discharging, "DISCHRG TEST"}, {20 * secs, "", test | discharging, "OB DISCHRG TEST"}, {secs, "", mains | test, "OL TEST"}, {secs, "", test | discharging, "DISCHRG TEST"}, {15 * secs, "", test | discharging, "OB DISCHRG TEST"}},
		"a test that never ends":                             {{0, "", mains | test, "OL TEST"}, {time.Hour, "", mains | test, "OL TEST"}, {0, "", test | discharging, "OB DISCHRG TEST"}, {0, "", mains, "OL"}, {0, "", test | discharging, "DISCHRG TEST"}},
		"ordered, and the UPS says nothing of it":            {{0, quick, mains, "OL"}, {secs, "", mains | feeds, "OL DISCHRG"}, {secs, "", discharging, "DISCHRG"}, {15 * secs, "", discharging, "OB DISCHRG"}, {0, "", mains, "OL"}, {time.Minute, "", discharging, "OB DISCHRG"}},
		"ordered, done, then an outage":                      {{0, quick, mains, "OL"}, {secs, "", mains | test | feeds, "OL DISCHRG TEST"}, {9 * secs, "", mains, "OL"}, {secs, "", discharging, "OB DISCHRG"}},
		"ordered and stopped":                                {{0, quick, mains, "OL"}, {secs, stop, mains, "OL"}, {secs, "", discharging, "OB DISCHRG"}},
		"ordered during an outage":                           {{0, "", discharging, "OB DISCHRG"}, {secs, quick, discharging, "OB DISCHRG"}},
		"another order":                                      {{0, "beeper.mute", mains, "OL"}, {secs, "", discharging, "OB DISCHRG"}},
		"a calibration":                                      {{0, "calibrate.start", mains, "OL"}, {secs, "", mains | calibrating | feeds, "CAL OL DISCHRG"}, {30 * time.Minute, "", mains | calibrating | feeds | lowBattery, "CAL OL DISCHRG"}},
		"a calibration by the word of the owner":             {{0, "", mains | calibrating | drill | discharging | lowBattery, "CAL DISCHRG LB"}},
		"a battery that is low on mains":                     {{0, noTest, mains | lowBattery, "OL LB"}},
		"a UPS that does not tell of mains":                  {{0, "", charging, "CHRG"}, {0, "", discharging | test, "DISCHRG TEST"}, {15 * secs, "", discharging | test, "OB DISCHRG TEST"}},
		"an overload during a test is told":                  {{0, "", mains | test | overload, "OL OVER TEST"}},
		"off during a test, and the words' order":            {{0, "", mains | test | off, "OL OFF TEST"}},
		"mains went, unheard, and then came a test":          {{0, "", mains, "OL"}, {0, "", test | discharging, "DISCHRG TEST"}},
	} {
		var tr trial
		now := time.Unix(1000, 0)
		for i, l := range looks {
			now = now.Add(l.after)
			if l.order != "" {
				tr = tr.order(l.order, now)
			}
			f := flags{known: discharging | lowBattery | l.on, on: l.on}
			if name != "a UPS that does not tell of mains" {
				f.known |= acPresent
			}
			tr = tr.advance(f, now)
			if got := statusWords(tr.mark(f), battery{-1, -1, -1, -1}, false); got != l.want {
				t.Errorf("%s, look %d: %q, want %q", name, i, got, l.want)
			}
		}
	}
}

// Reports of a UPS that tests itself.
const stateReport, resultReport = 1, 2

// newTester is a UPS whose report 2 tells its test's result. Its state has mains, discharging, low, in bytes.
func newTester(t *testing.T) *usbtest.Device {
	dev := usbtest.New(usb.ID{Vendor: 0x1209, Port: "1-1"}, descriptorOf(t, &generic,
		built{path: "PowerSummary.PresentStatus.ACPresent", id: stateReport, size: 8},
		built{path: "PowerSummary.PresentStatus.Discharging", id: stateReport, size: 8},
		built{path: "PowerSummary.PresentStatus.BelowRemainingCapacityLimit", id: stateReport, size: 8},
		built{path: "BatterySystem.Battery.Test", id: resultReport, size: 8},
	))
	dev.SetLatency(2 * time.Millisecond)
	dev.SetReport(usbtest.Feature, stateReport, stateReport, 1, 0, 0)
	dev.SetReport(usbtest.Feature, resultReport, resultReport, 6)
	return dev
}

// TestTestIsNoOutage runs a test that begins right after the result was read: the result is asked for at once when it matters.
func TestTestIsNoOutage(t *testing.T) {
	tell := func(r *running, state ...byte) {
		r.dev.SetReport(usbtest.Feature, stateReport, append([]byte{stateReport}, state...)...)
	}
	result := func(r *running, v byte) { r.dev.SetReport(usbtest.Feature, resultReport, resultReport, v) }
	t.Run("a test that looks like the end", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			result(r, inProgress)
			tell(r, 0, 1, 1)
			r.after(3*time.Second, ups.Fresh, "DISCHRG TEST")
			for range 60 {
				r.after(100*time.Millisecond, ups.Fresh, "DISCHRG TEST")
			}
			result(r, 1)
			tell(r, 1, 0, 0)
			r.after(3*time.Second, ups.Fresh, "OL")
		})
	})
	t.Run("mains go during a test", func(t *testing.T) {
		for _, interval := range []time.Duration{time.Second, 10 * time.Second} {
			benchWith(t, Options{PollInterval: interval}, newTester, func(r *running) {
				r.after(25*time.Second, ups.Fresh, "OL")
				result(r, inProgress)
				tell(r, 0, 1, 1)
				r.after(interval+darkInTest+time.Second, ups.Fresh, "OB DISCHRG LB TEST")
				tell(r, 1, 0, 0)
				r.after(interval+time.Second, ups.Fresh, "OL TEST")
			})
		}
	})
	t.Run("mains go during a test of a UPS that tells of them", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			r.dev.SetReport(usbtest.Feature, resultReport, resultReport, inProgress)
			r.after(30*time.Second, ups.Fresh, "OL TEST")
			tell(r, 1, 1, 0)
			r.after(7*time.Second, ups.Fresh, "OL DISCHRG TEST")
			tell(r, 0, 1, 1)
			r.after(2*time.Second+20*time.Millisecond, ups.Fresh, "OB DISCHRG LB TEST")
		})
	})
	t.Run("mains are away when the test ends", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			result(r, inProgress)
			tell(r, 0, 1, 0)
			r.after(4*time.Second, ups.Fresh, "DISCHRG TEST")
			result(r, 2)
			r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
		})
	})
	t.Run("an outage", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			tell(r, 0, 1, 1)
			r.after(2*time.Second+20*time.Millisecond, ups.Fresh, "OB DISCHRG LB")
		})
	})
	t.Run("an outage of a UPS that does not tell of its test any more", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, resultReport, usbtest.Timeout(time.Second))
			tell(r, 0, 1, 1)
			r.after(3*time.Second+20*time.Millisecond, ups.Fresh, "OB DISCHRG LB")
		})
	})
}

// TestEatonTest has an Eaton that feeds the load from its battery: its test is no outage, the same without a test is.
func TestEatonTest(t *testing.T) {
	f := flags{known: acPresent | batteryUsed | discharging | selfTest, on: acPresent | batteryUsed | discharging}
	if got := statusWords(trial{}.mark(f), battery{-1, -1, -1, -1}, false); got != "OB DISCHRG" {
		t.Errorf("without a test: %q", got)
	}
	f.set(selfTest, true)
	if got := statusWords(trial{}.mark(f), battery{-1, -1, -1, -1}, false); got != "OL DISCHRG TEST" {
		t.Errorf("in a test: %q", got)
	}
}

// TestMomentaryOff has a UPS that says on mains that it is off.
func TestMomentaryOff(t *testing.T) {
	plug := func(t *testing.T) *usbtest.Device {
		dev := usbtest.New(usb.ID{Vendor: 0x0463, Product: 0xffff, Port: "1-1"}, descriptorOf(t, &generic,
			built{path: "PowerSummary.PresentStatus.ACPresent", id: 1, size: 8},
			built{path: "PowerSummary.PresentStatus.Good", id: 1, size: 8},
		))
		dev.SetReport(usbtest.Feature, 1, 1, 1, 1)
		return dev
	}
	benchOf(t, plug, func(r *running) {
		r.after(3*time.Second, ups.Fresh, "OL")
		for range 10 {
			r.dev.SetReport(usbtest.Feature, 1, 1, 1, 0)
			for range 38 {
				r.after(50*time.Millisecond, ups.Fresh, "OL")
			}
			r.dev.SetReport(usbtest.Feature, 1, 1, 1, 1)
			r.after(time.Second, ups.Fresh, "OL")
		}
		r.dev.SetReport(usbtest.Feature, 1, 1, 1, 0)
		r.after(5*time.Second, ups.Fresh, "OL OFF")
		r.dev.SetReport(usbtest.Feature, 1, 1, 1, 1)
		r.after(3*time.Second, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 1, 1, 0, 0) // no mains: nothing waits
		r.after(2100*time.Millisecond, ups.Fresh, "OB OFF")
	})
	started := func(t *testing.T) *usbtest.Device {
		dev := plug(t)
		dev.SetReport(usbtest.Feature, 1, 1, 1, 0)
		return dev
	}
	benchOf(t, started, func(r *running) { r.after(100*time.Millisecond, ups.Fresh, "OL OFF") })
}

// TestOddTest has answers of which one alone tells of a test: none may begin one, or end one, and so hide an outage or make one.
func TestOddTest(t *testing.T) {
	state := func(r *running, state ...byte) {
		r.dev.SetReport(usbtest.Feature, stateReport, append([]byte{stateReport}, state...)...)
	}
	// odd makes one answer in n tell v, the first among them.
	odd := func(v byte, n int) usbtest.Fault {
		asked := 0
		return func(b []byte) ([]byte, error) {
			if asked++; asked%n == 1 {
				return []byte{resultReport, v}, nil
			}
			return b, nil
		}
	}
	never := func(r *running, d time.Duration, word string) {
		r.t.Helper()
		for range d / (10 * time.Millisecond) {
			time.Sleep(10 * time.Millisecond)
			if said := r.store.Get().Value("ups.status"); slices.Contains(strings.Fields(said), word) {
				r.t.Errorf("%q", said)
				return
			}
		}
	}
	t.Run("mains go", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, resultReport, odd(inProgress, 2))
			state(r, 0, 1, 0)
			never(r, 2050*time.Millisecond, "TEST")
			r.after(0, ups.Fresh, "OB DISCHRG")
			never(r, 2*time.Minute, "TEST")
		})
	})
	t.Run("at rest", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, resultReport, odd(inProgress, 2))
			never(r, 2*time.Minute, "TEST")
		})
	})
	t.Run("at the start", func(t *testing.T) {
		plug := func(t *testing.T) *usbtest.Device {
			dev := newTester(t)
			dev.Fail(usbtest.Feature, resultReport, odd(inProgress, 2))
			dev.SetReport(usbtest.Feature, stateReport, stateReport, 0, 1, 0)
			return dev
		}
		benchOf(t, plug, func(r *running) {
			never(r, 10*time.Second, "TEST")
			r.after(0, ups.Fresh, "OB DISCHRG")
		})
	})
	t.Run("it cannot be asked for again", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			asked := 0
			r.dev.Fail(usbtest.Feature, resultReport, func(b []byte) ([]byte, error) {
				if asked++; asked == 1 {
					return []byte{resultReport, inProgress}, nil
				}
				return usbtest.Stall(b)
			})
			state(r, 0, 1, 0)
			never(r, 2050*time.Millisecond, "TEST")
			r.after(0, ups.Fresh, "OB DISCHRG")
		})
	})
	t.Run("in a test", func(t *testing.T) {
		benchOf(t, newTester, func(r *running) {
			r.after(5*time.Second, ups.Fresh, "OL")
			r.dev.SetReport(usbtest.Feature, resultReport, resultReport, inProgress)
			state(r, 0, 1, 1)
			r.after(3*time.Second, ups.Fresh, "DISCHRG TEST")
			r.dev.Fail(usbtest.Feature, resultReport, odd(1, 3))
			never(r, 10*time.Second, "OB")
		})
	})
}
