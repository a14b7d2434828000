package usbhid

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func TestShutdownCommands(t *testing.T) {
	returned := [][]byte{{startupReport, 30, 0}, {shutdownReport, 20, 0}}
	for name, tt := range map[string]struct {
		commands []string
		want     [][]byte
		err      error
	}{
		"the standard ones":         {nil, returned, nil},
		"another":                   {[]string{"load.off.delay"}, [][]byte{{shutdownReport, 20, 0}}, nil},
		"the first that there is":   {[]string{"shutdown.reboot", "load.off"}, [][]byte{{shutdownReport, 0, 0}}, nil},
		"none that there is":        {[]string{"shutdown.reboot", "x.y"}, nil, ErrUnknown},
		"a rehearsal":               {[]string{"beeper.mute"}, [][]byte{{alarmReport, 3, 0, 20, 0}}, nil},
		"others, then the standard": {[]string{"shutdown.reboot", "shutdown.default"}, returned, nil},
	} {
		t.Run(name, func(t *testing.T) {
			orderingWith(t, nil, Options{Tuning: Tuning{Shutdown: tt.commands}}, func(dev *usbtest.Device, desk *Desk, store *ups.Store) {
				if offered := slices.Contains(store.Get().Commands(), shutdownDefault); offered != (tt.err == nil) {
					t.Errorf("shutdown.default is offered: %v", offered)
				}
				if err := desk.InstCmd(context.Background(), shutdownDefault, ""); !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				if got := written(dev); !slices.EqualFunc(got, tt.want, slices.Equal) {
					t.Errorf("written % x, want % x", got, tt.want)
				}
			})
		})
	}
}

// TestShutdownRefused has a UPS that refuses to be written, and one of which nobody knows what it did.
func TestShutdownRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  usbtest.Fault
		err    error
		writes int
	}{
		"refused":  {usbtest.Stall, usb.ErrStall, 2},
		"time-out": {usbtest.Timeout(time.Second), usb.ErrTimeout, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tuning := Tuning{Shutdown: []string{"load.off.delay", "shutdown.stayoff"}}
			orderingWith(t, nil, Options{Tuning: tuning}, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
				dev.FailWrites(tt.fault)
				if err := desk.InstCmd(context.Background(), shutdownDefault, ""); !errors.Is(err, tt.err) {
					t.Errorf("got %v", err)
				}
				if n := len(dev.Writes()); n != tt.writes {
					t.Errorf("%d writes, want %d", n, tt.writes)
				}
			})
		})
	}
}

// TestStandardValues has an owner who wants delays and a threshold of his own.
func TestStandardValues(t *testing.T) {
	standard := map[string]string{"ups.delay.shutdown": "120", "ups.delay.start": "-1", "battery.charge.low": "40"}
	orderingWith(t, standard, Options{}, func(dev *usbtest.Device, desk *Desk, store *ups.Store) {
		show := func(want map[string]string) {
			t.Helper()
			for name, value := range want {
				if got := store.Get().Value(name); got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
		}
		show(standard)
		if err := desk.InstCmd(context.Background(), "shutdown.return", ""); err != nil {
			t.Error(err)
		}
		want := [][]byte{{startupReport, 0xff, 0xff}, {shutdownReport, 120, 0}}
		if got := written(dev); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("written % x, want % x", got, want)
		}
		if err := desk.SetVar(context.Background(), "battery.charge.low", "35"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		show(map[string]string{"battery.charge.low": "35"})
	})
	synctest.Test(t, func(t *testing.T) { // a UPS that has none of them
		s := soon(t, newBench(), Options{Desk: NewDesk(standard)})
		for name := range standard {
			if _, ok := s.Var(name); ok {
				t.Errorf("%s is shown", name)
			}
		}
	})
}

// A threshold of the owner's counts where LB is computed, and there alone.
func TestLowbattIsUsed(t *testing.T) {
	for limit, want := range map[string]string{"40": "OB DISCHRG", "60": "OB DISCHRG LB"} {
		synctest.Test(t, func(t *testing.T) {
			standard := map[string]string{"battery.charge.low": limit}
			s := soon(t, newFlagless(t), Options{Desk: NewDesk(standard)})
			if got := s.Value("ups.status"); got != want || s.Value("battery.charge.low") != limit {
				t.Errorf("%s: %q, battery.charge.low %q", limit, got, s.Value("battery.charge.low"))
			}
			flagged := newBench()
			flagged.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
			flagged.SetReport(usbtest.Feature, 2, 2, 50, 0x10, 0x0e)
			if got := soon(t, flagged, Options{Desk: NewDesk(standard)}).Value("ups.status"); got != "OB DISCHRG" {
				t.Errorf("%s, with a flag: %q", limit, got)
			}
		})
	}
}

// TestOverrideIsNotWritten sets a variable that the owner has fixed, and orders what takes its delay from one.
func TestOverrideIsNotWritten(t *testing.T) {
	tuning := Tuning{Override: map[string]string{"battery.charge.low": "40", "ups.delay.shutdown": "90"}}
	orderingWith(t, nil, Options{Tuning: tuning}, func(dev *usbtest.Device, desk *Desk, store *ups.Store) {
		for name := range tuning.Override {
			if v, _ := store.Get().Var(name); v.Flags != 0 || v.Value != tuning.Override[name] {
				t.Errorf("%s: %+v", name, v)
			}
			if err := desk.SetVar(context.Background(), name, "50"); !errors.Is(err, ErrUnknown) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := desk.InstCmd(context.Background(), "load.off.delay", ""); err != nil {
			t.Error(err)
		}
		want := [][]byte{{shutdownReport, 90, 0}}
		if got := written(dev); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("written % x, want % x", got, want)
		}
	})
}
