package usbhid

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// identifying gives the order to be heard and returns what comes of it.
func identifying(desk *Desk) <-chan error {
	outcome := make(chan error, 1)
	go func() { outcome <- desk.InstCmd(context.Background(), identifyCommand, "") }()
	return outcome
}

// beeps are the states of the beeper that were written so far.
func beeps(dev *usbtest.Device) (all []byte) {
	for _, data := range written(dev) {
		all = append(all, data[1])
	}
	return all
}

const disabled, enabled, muted = 1, 2, 3

// The beeper is switched there and back, is as it was in the end, and the status is read meanwhile.
func TestIdentify(t *testing.T) {
	for found, want := range map[byte][]byte{
		enabled:  {disabled, enabled, disabled, enabled},
		disabled: {enabled, disabled, enabled, disabled},
		muted:    {enabled, muted, enabled, muted},
	} {
		ordering(t, func(dev *usbtest.Device, desk *Desk, store *ups.Store) {
			dev.SetReport(usbtest.Feature, alarmReport, alarmReport, found, 0, 20, 0)
			asked := func() (n int) {
				for _, tr := range dev.Transfers() {
					if tr.Request == getReport && uint8(tr.Value) == mainsReport {
						n++
					}
				}
				return n
			}
			before, begin := asked(), time.Now()
			if err := <-identifying(desk); err != nil {
				t.Errorf("found %d: %v", found, err)
			}
			if took := time.Since(begin); took < 3*identifyPause || took > patience {
				t.Errorf("it took %v", took)
			}
			if got := beeps(dev); !slices.Equal(got, want) {
				t.Errorf("found %d: written %v, want %v", found, got, want)
			}
			if asked() == before {
				t.Error("the status was not read meanwhile")
			}
			time.Sleep(time.Minute)
			if got := beeps(dev); len(got) != len(want) {
				t.Errorf("written later: %v", got)
			}
		})
	}
}

// Whatever happens in between, the beeper is left as it was found, and the outcome is told as it is.
func TestIdentifyEndsEarly(t *testing.T) {
	failAt := func(n int, f usbtest.Fault) usbtest.Fault {
		return func(b []byte) ([]byte, error) {
			if n--; n == 0 {
				return f(b)
			}
			return b, nil
		}
	}
	for name, tt := range map[string]struct {
		before, during func(dev *usbtest.Device, desk *Desk)
		want           []byte // what was written, as far as the UPS took it
		err            error
	}{
		"the mains fail": {nil, func(dev *usbtest.Device, _ *Desk) {
			dev.SetReport(usbtest.Feature, mainsReport, mainsReport, 0, 0)
			time.Sleep(2 * time.Second)
		}, nil, errCalled},
		"another order": {nil, func(_ *usbtest.Device, desk *Desk) {
			if err := desk.InstCmd(context.Background(), "test.battery.stop", ""); err != nil {
				t.Error(err)
			}
		}, []byte{disabled, enabled, 3}, errAnother},
		"the first switch is refused": {func(dev *usbtest.Device, _ *Desk) { dev.FailWrites(failAt(1, usbtest.Stall)) }, nil,
			[]byte{disabled, enabled}, usb.ErrStall},
		"a switch has no answer": {func(dev *usbtest.Device, _ *Desk) { dev.FailWrites(failAt(3, usbtest.Timeout(time.Second))) }, nil,
			[]byte{disabled, enabled, disabled, enabled}, usb.ErrTimeout},
		"a switch back is refused": {func(dev *usbtest.Device, _ *Desk) { dev.FailWrites(failAt(2, usbtest.Stall)) }, nil,
			[]byte{disabled, enabled, enabled}, usb.ErrStall},
		"no switch back is taken": {func(dev *usbtest.Device, _ *Desk) {
			first := true
			dev.FailWrites(func(b []byte) ([]byte, error) {
				if first {
					first = false
					return b, nil
				}
				return nil, usb.ErrStall
			})
		}, nil, []byte{disabled, enabled, enabled, enabled}, errLeftOver},
		"it takes all and does nothing": {func(dev *usbtest.Device, _ *Desk) { dev.IgnoreWrites() }, nil, []byte{disabled, enabled}, errIgnored},
		"unplugged":                     {nil, func(dev *usbtest.Device, _ *Desk) { dev.Unplug() }, nil, errLeftOver},
		"on battery": {func(dev *usbtest.Device, _ *Desk) {
			dev.SetReport(usbtest.Feature, mainsReport, mainsReport, 0, 0)
			time.Sleep(5 * time.Second)
		}, nil, []byte{}, errAudible},
		"a state that nobody knows": {func(dev *usbtest.Device, _ *Desk) {
			dev.SetReport(usbtest.Feature, alarmReport, alarmReport, 7, 0, 20, 0)
		}, nil, []byte{}, errBeeper},
	} {
		t.Run(name, func(t *testing.T) {
			ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
				if tt.before != nil {
					tt.before(dev, desk)
				}
				outcome := identifying(desk)
				time.Sleep(identifyPause / 2)
				if tt.during != nil {
					tt.during(dev, desk)
				}
				if err := <-outcome; !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				time.Sleep(time.Minute)
				got := beeps(dev)
				if tt.want != nil && !slices.Equal(got, tt.want) {
					t.Errorf("written %v, want %v", got, tt.want)
				}
				if len(got)%2 == 1 && !errors.Is(tt.err, errLeftOver) && got[len(got)-1] == disabled {
					t.Errorf("the beeper is left disabled: %v", got)
				}
			})
		})
	}
}

// Nothing goes on blindly: a UPS whose status cannot be read any more is left alone.
func TestIdentifyNeedsFreshData(t *testing.T) {
	orderingWith(t, nil, Options{PollInterval: identifyPause / 8}, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
		outcome := identifying(desk)
		time.Sleep(identifyPause / 8)
		dev.Fail(usbtest.Feature, mainsReport, usbtest.Stall)
		if err := <-outcome; !errors.Is(err, errCalled) {
			t.Errorf("got %v", err)
		}
		if got := beeps(dev); !slices.Equal(got, []byte{disabled, enabled}) {
			t.Errorf("written %v", got)
		}
	})
}

// A driver that is told to end in the middle puts the beeper back first.
func TestIdentifyAtTheEnd(t *testing.T) {
	var dev *usbtest.Device
	var err error
	ordering(t, func(d *usbtest.Device, desk *Desk, _ *ups.Store) {
		dev = d
		go func() { err = desk.InstCmd(context.Background(), identifyCommand, "") }()
		time.Sleep(identifyPause / 2)
	})
	if got := beeps(dev); !slices.Equal(got, []byte{disabled, enabled}) {
		t.Errorf("written %v", got)
	}
	if !errors.Is(err, errNobody) {
		t.Errorf("got %v", err)
	}
}

// A UPS whose beeper does not show what was written cannot be put back as it was.
func TestIdentifyIsOffered(t *testing.T) {
	for f, want := range map[*family]bool{&powercom: false, &ecoflow: false, &cyberpower: true, &legrand: true, &generic: true} {
		if got := slices.Contains(f.abilities().commands, identifyCommand); got != want {
			t.Errorf("%s: offered %v, want %v", f.name, got, want)
		}
	}
}
