package usbhid

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// away is a status on battery that complains of all that a status can complain of.
const away, awayStatus = isDischarging | isLow | isOld | hasBattery | isOverloaded, "ALARM OB DISCHRG LB OVER RB"

func onBattery(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, away) }

// once answers the nth read of a report from now on with another answer.
func once(nth int, answer ...byte) func([]byte) ([]byte, error) {
	n := 0
	return func(b []byte) ([]byte, error) {
		if n++; n == nth {
			return answer, nil
		}
		return b, nil
	}
}

// TestOneReportHidesNothing has reports during an outage that nothing confirms: none of them may clear a flag.
func TestOneReportHidesNothing(t *testing.T) {
	reports := map[string]byte{
		"mains":              away | onMains,
		"healthy":            healthy,
		"mains and charging": onMains | isCharging | hasBattery,
		"battery not low":    away &^ isLow,
		"not overloaded":     away &^ isOverloaded,
		"battery not old":    away &^ isOld,
	}
	for name, report := range reports {
		ways := map[string]func(r *running){
			"interrupt":   func(r *running) { r.dev.Push(1, report) },
			"poll":        func(r *running) { r.dev.Fail(usbtest.Feature, 1, once(1, 1, report)) },
			"second poll": func(r *running) { r.dev.Fail(usbtest.Feature, 1, once(2, 1, report)) },
			"interrupt that cannot be confirmed": func(r *running) {
				r.dev.Fail(usbtest.Feature, 1, usbtest.Stall)
				r.dev.Push(1, report)
				time.Sleep(100 * time.Millisecond)
				r.dev.Fail(usbtest.Feature, 1, nil)
			},
			"interrupts before another": func(r *running) {
				for range 5 {
					r.dev.Push(1, report)
					time.Sleep(time.Second)
				}
			},
		}
		for way, send := range ways {
			t.Run(name+" by "+way, func(t *testing.T) {
				bench(t, onBattery, func(r *running) {
					r.after(time.Second, ups.Fresh, awayStatus)
					go send(r)
					for range 1000 {
						r.after(10*time.Millisecond, ups.Fresh, awayStatus)
					}
				})
			})
		}
	}
}

// TestFirstReportIsConfirmed starts during an outage with one report that says otherwise.
func TestFirstReportIsConfirmed(t *testing.T) {
	odd := func(dev *usbtest.Device) {
		onBattery(dev)
		dev.Fail(usbtest.Feature, 1, once(1, 1, healthy))
	}
	bench(t, odd, func(r *running) {
		for range 300 {
			time.Sleep(10 * time.Millisecond)
			if s := r.store.Get().Value("ups.status"); s != "" && s != awayStatus {
				t.Fatalf("ups.status %q", s)
			}
		}
		r.after(time.Second, ups.Fresh, awayStatus)
	})
}

// TestMainsReturn shows that a real return is told promptly.
func TestMainsReturn(t *testing.T) {
	back := func(r *running) { r.dev.SetReport(usbtest.Feature, 1, 1, healthy) }
	t.Run("by interrupt", func(t *testing.T) {
		bench(t, onBattery, func(r *running) {
			r.after(time.Second, ups.Fresh, awayStatus)
			back(r)
			r.dev.Push(1, healthy)
			r.after(5*time.Millisecond, ups.Fresh, "OL")
		})
	})
	t.Run("by interrupt before the report that is polled", func(t *testing.T) {
		bench(t, onBattery, func(r *running) {
			r.after(time.Second, ups.Fresh, awayStatus)
			r.dev.Push(1, healthy)
			r.after(200*time.Millisecond, ups.Fresh, awayStatus)
			back(r)
			r.after(300*time.Millisecond, ups.Fresh, "OL")
		})
	})
	t.Run("by poll", func(t *testing.T) {
		silent := func(dev *usbtest.Device) { onBattery(dev); dev.SetNoInterrupt() }
		bench(t, silent, func(r *running) {
			r.after(time.Second, ups.Fresh, awayStatus)
			back(r)
			r.after(2*time.Second, ups.Fresh, "OL")
		})
	})
	t.Run("by two interrupts that cannot be confirmed", func(t *testing.T) {
		bench(t, onBattery, func(r *running) {
			r.after(time.Second, ups.Fresh, awayStatus)
			r.dev.Fail(usbtest.Feature, 1, usbtest.Stall)
			r.dev.Push(1, healthy)
			r.after(100*time.Millisecond, ups.Fresh, awayStatus)
			r.dev.Push(1, healthy)
			r.after(100*time.Millisecond, ups.Fresh, "OL")
		})
	})
}

// TestNoConfirmingRead cuts the mains of a UPS that answers only the first question of each round.
func TestNoConfirmingRead(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		n := 0
		r.dev.Fail(usbtest.Feature, 1, func([]byte) ([]byte, error) {
			if n++; n%2 == 0 {
				return nil, usb.ErrStall
			}
			return []byte{1, isDischarging | hasBattery}, nil
		})
		r.after(2*time.Second, ups.Fresh, "OL")
		r.after(2*time.Second, ups.Fresh, "OB DISCHRG")
	})
}
