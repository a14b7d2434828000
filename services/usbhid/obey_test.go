package usbhid

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// Reports of the device that takes orders. Report 4 holds two fields.
const (
	mainsReport, shutdownReport, startupReport, alarmReport, limitReport, testReport, startReport = 1, 2, 3, 4, 5, 6, 7
)

// orderable makes a UPS that takes orders.
func orderable() *usbtest.Device {
	field := func(report uint8, lo, hi int64, path string) hidtest.Built {
		p, err := hid.ParsePath(path, nil)
		if err != nil {
			panic(err)
		}
		return hidtest.Built{Path: p, Kind: hid.Feature, ReportID: report, Size: 16, Min: lo, Max: hi}
	}
	dev := usbtest.New(usb.ID{Port: "1-1"}, hidtest.Build(
		field(mainsReport, 0, 1, "PowerSummary.PresentStatus.ACPresent"),
		field(shutdownReport, -1, 32767, "PowerSummary.DelayBeforeShutdown"),
		field(startupReport, 0, 65535, "PowerSummary.DelayBeforeStartup"),
		field(alarmReport, 1, 3, "PowerSummary.AudibleAlarmControl"),
		field(alarmReport, 0, 100, "PowerSummary.RemainingCapacityLimit"),
		field(testReport, 0, 7, "BatterySystem.Battery.Test"),
	))
	dev.SetReport(usbtest.Feature, mainsReport, mainsReport, 1, 0)
	dev.SetReport(usbtest.Feature, shutdownReport, shutdownReport, 0xff, 0xff)
	dev.SetReport(usbtest.Feature, startupReport, startupReport, 0xff, 0xff)
	dev.SetReport(usbtest.Feature, alarmReport, alarmReport, 2, 0, 20, 0)
	dev.SetReport(usbtest.Feature, testReport, testReport, 6, 0)
	return dev
}

// ordering runs f beside a Run on the device that takes orders.
func ordering(t *testing.T, f func(dev *usbtest.Device, desk *Desk, store *ups.Store)) {
	t.Helper()
	orderingWith(t, nil, Options{}, f)
}

// orderingWith is ordering with standard values for the desk, and options.
func orderingWith(t *testing.T, standard map[string]string, opts Options, f func(dev *usbtest.Device, desk *Desk, store *ups.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dev, desk, store := orderable(), NewDesk(standard), ups.NewStore()
		opts.Desk = desk
		u, err := Open(t.Context(), dev, opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- u.Run(ctx, store) }()
		time.Sleep(5 * time.Second)
		if w := dev.Writes(); len(w) > 0 {
			t.Errorf("written without an order: %+v", w)
		}
		f(dev, desk, store)
		cancel()
		<-ended
	})
}

// written are the data of the writes so far.
func written(dev *usbtest.Device) (all [][]byte) {
	for _, w := range dev.Writes() {
		all = append(all, w.Data)
	}
	return all
}

func TestOrders(t *testing.T) {
	command := func(name, param string) func(*Desk) error {
		return func(d *Desk) error { return d.InstCmd(context.Background(), name, param) }
	}
	set := func(name, value string) func(*Desk) error {
		return func(d *Desk) error { return d.SetVar(context.Background(), name, value) }
	}
	for _, tt := range []struct {
		name  string
		order func(*Desk) error
		want  [][]byte
		err   error
	}{
		{"beeper", command("beeper.disable", ""), [][]byte{{alarmReport, 1, 0, 20, 0}}, nil},
		{"a parameter that the command does not take", command("beeper.disable", "2"), nil, ErrInvalid},
		{"test", command("test.battery.start.deep", ""), [][]byte{{testReport, 2, 0}}, nil},
		{"delay as it stands", command("load.off.delay", ""), [][]byte{{shutdownReport, 20, 0}}, nil},
		{"delay as asked", command("load.off.delay", "300"), [][]byte{{shutdownReport, 44, 1}}, nil},
		{"a delay cannot be an abort", command("load.off.delay", "-1"), nil, ErrInvalid},
		{"a delay that is no number", command("load.off.delay", "1m"), nil, ErrInvalid},
		{"a delay that the field cannot hold", command("load.off.delay", "40000"), nil, ErrInvalid},
		{"abort", command("shutdown.stop", ""), [][]byte{{shutdownReport, 0xff, 0xff}}, nil},
		{"at once", command("load.off", ""), [][]byte{{shutdownReport, 0, 0}}, nil},
		{"return", command("shutdown.return", ""), [][]byte{{startupReport, 30, 0}, {shutdownReport, 20, 0}}, nil},
		{"stay off, where the range of the delay has no -1", command("shutdown.stayoff", ""), [][]byte{{startupReport, 0xff, 0xff}, {shutdownReport, 20, 0}}, nil},
		{"default", command("shutdown.default", ""), [][]byte{{startupReport, 30, 0}, {shutdownReport, 20, 0}}, nil},
		{"a command that the UPS has not", command("shutdown.reboot", ""), nil, ErrUnknown},
		{"variable", set("battery.charge.low", "35"), [][]byte{{alarmReport, 2, 0, 35, 0}}, nil},
		{"out of range", set("battery.charge.low", "101"), nil, ErrInvalid},
		{"no number", set("battery.charge.low", "low"), nil, ErrInvalid},
		{"too long", set("battery.charge.low", "00000000035"), nil, ErrInvalid},
		{"a variable that cannot be set", set("ups.timer.shutdown", "5"), nil, ErrUnknown},
		{"a variable that the UPS has not", set("battery.runtime.low", "5"), nil, ErrUnknown},
		{"what the driver keeps is not written", set("ups.delay.shutdown", "77"), nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
				if err := tt.order(desk); !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				time.Sleep(time.Minute)
				if got := written(dev); !slices.EqualFunc(got, tt.want, slices.Equal) {
					t.Errorf("written % x, want % x", got, tt.want)
				}
			})
		})
	}
}

func TestOffers(t *testing.T) {
	ordering(t, func(_ *usbtest.Device, desk *Desk, store *ups.Store) {
		want := []string{"beeper.disable", "beeper.enable", "beeper.mute", "experimental.beeper.identify", "load.off", "load.off.delay", "load.on", "load.on.delay",
			"shutdown.default", "shutdown.return", "shutdown.stayoff", "shutdown.stop",
			"test.battery.start.deep", "test.battery.start.quick", "test.battery.stop"}
		if got := store.Get().Commands(); !slices.Equal(got, want) {
			t.Errorf("commands %q, want %q", got, want)
		}
		v, _ := store.Get().Var("battery.charge.low")
		if !v.Equal(ups.Var{Value: "20", Flags: ups.RW | ups.String, MaxLen: 10, Ranges: []ups.Range{{Min: 0, Max: 100}}}) {
			t.Errorf("battery.charge.low: %+v", v)
		}
		if err := desk.SetVar(context.Background(), "ups.delay.shutdown", "77"); err != nil {
			t.Error(err)
		}
		if err := desk.SetVar(context.Background(), "battery.charge.low", "35"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if s := store.Get(); s.Value("ups.delay.shutdown") != "77" || s.Value("battery.charge.low") != "35" {
			t.Errorf("ups.delay.shutdown %q, battery.charge.low %q", s.Value("ups.delay.shutdown"), s.Value("battery.charge.low"))
		}
	})
}

// TestOrderFails has a UPS that fails in every way while it is written to: the order has failed, and was sent once at most.
func TestOrderFails(t *testing.T) {
	write := func(t usbtest.Transfer) bool { return t.RequestType == classToInterface }
	for name, tt := range map[string]struct {
		fault  func(dev *usbtest.Device)
		order  string
		writes int
	}{
		"refused":  {func(dev *usbtest.Device) { dev.FailWrites(usbtest.Stall) }, "load.off.delay", 1},
		"time-out": {func(dev *usbtest.Device) { dev.FailWrites(usbtest.Timeout(time.Second)) }, "load.off.delay", 1},
		"ignored":  {func(dev *usbtest.Device) { dev.IgnoreWrites() }, "load.off.delay", 1},
		"the report's other field is lost": {func(dev *usbtest.Device) {
			dev.Fail(usbtest.Feature, alarmReport, usbtest.Stall)
		}, "beeper.disable", 0},
		"the first step of two": {func(dev *usbtest.Device) { dev.FailWrites(usbtest.Stall) }, "shutdown.return", 1},
		"unplugged":             {(*usbtest.Device).Unplug, "load.off.delay", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
				tt.fault(dev)
				if err := desk.InstCmd(context.Background(), tt.order, ""); err == nil || errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnknown) {
					t.Errorf("got %v", err)
				}
				time.Sleep(time.Minute)
				n := 0
				for _, tr := range dev.Transfers() {
					if write(tr) {
						n++
					}
				}
				if n > tt.writes {
					t.Errorf("%d writes, want %d", n, tt.writes)
				}
			})
		})
	}
}

// TestTroubleDuringOrder has a UPS in trouble while an order is carried out or waits: it fails within three seconds, and what was not written
// then never is.
func TestTroubleDuringOrder(t *testing.T) {
	after := func(n int, f usbtest.Fault) usbtest.Fault { // the first n answers are good
		return func(b []byte) ([]byte, error) {
			if n--; n >= 0 {
				return b, nil
			}
			return f(b)
		}
	}
	hang := usbtest.Timeout(time.Second)
	for name, tt := range map[string]struct {
		fault  func(dev *usbtest.Device)
		wait   time.Duration // until the order is given
		writes int
	}{
		"unplugged as it writes": {func(dev *usbtest.Device) {
			dev.FailWrites(func(b []byte) ([]byte, error) { dev.Unplug(); return b, nil })
		}, 0, 1},
		"gone as it writes":          {func(dev *usbtest.Device) { dev.FailWrites(usbtest.Gone) }, 0, 1},
		"gone as it reads back":      {func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, shutdownReport, after(1, usbtest.Gone)) }, 0, 1},
		"hangs as it reads":          {func(dev *usbtest.Device) { dev.FailAll(hang) }, 0, 1}, // the report has no other field to lose
		"hangs as it writes":         {func(dev *usbtest.Device) { dev.FailWrites(hang) }, 0, 1},
		"hangs as it reads back":     {func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, shutdownReport, after(1, hang)) }, 0, 1},
		"stalls as it reads back":    {func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, shutdownReport, after(1, usbtest.Stall)) }, 0, 1},
		"cannot be read any more":    {func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, mainsReport, usbtest.Stall) }, 3 * time.Second, 0},
		"nothing is answered":        {func(dev *usbtest.Device) { dev.FailAll(hang) }, 4100 * time.Millisecond, 0},
		"given up":                   {func(dev *usbtest.Device) { dev.FailAll(hang) }, 30 * time.Second, 0},
		"unplugged some time before": {(*usbtest.Device).Unplug, 10 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
				tt.fault(dev)
				time.Sleep(tt.wait)
				start := time.Now()
				if err := desk.InstCmd(context.Background(), "load.off.delay", ""); err == nil || errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnknown) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
				dev.FailWrites(nil)
				dev.FailAll(nil)
				dev.Fail(usbtest.Feature, mainsReport, nil)
				dev.Fail(usbtest.Feature, shutdownReport, nil)
				time.Sleep(10 * time.Minute)
				if n := len(dev.Writes()); n > tt.writes {
					t.Errorf("%d writes, want %d at most", n, tt.writes)
				}
			})
		})
	}
}

// TestManyOrders gives orders to a UPS that hangs, faster than they can fail: each fails within three seconds and a transfer or two, and none
// is left for later.
func TestManyOrders(t *testing.T) {
	ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
		dev.FailAll(usbtest.Timeout(time.Second))
		dev.FailWrites(usbtest.Timeout(time.Second))
		start, failed := time.Now(), make(chan error, 100)
		for range cap(failed) {
			go func() { failed <- desk.InstCmd(context.Background(), "load.off.delay", "") }()
		}
		for range cap(failed) {
			if err := <-failed; err == nil {
				t.Error("an order was carried out")
			}
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("the last failed after %v", took)
		}
		dev.FailAll(nil)
		dev.FailWrites(nil)
		before := len(dev.Writes())
		time.Sleep(10 * time.Minute)
		if n := len(dev.Writes()) - before; n > 0 {
			t.Errorf("%d writes later", n)
		}
	})
}

// TestNobodyServes orders from a desk behind which no UPS is.
func TestNobodyServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := NewDesk(nil).InstCmd(t.Context(), "load.off", ""); !errors.Is(err, errNobody) {
			t.Errorf("got %v", err)
		}
	})
}

// TestRounded sets a delay that the UPS rounds, as CyberPower's do to minutes, and a variable that it rounds: the delay runs, the
// variable is not what was asked for.
func TestRounded(t *testing.T) {
	ordering(t, func(dev *usbtest.Device, desk *Desk, _ *ups.Store) {
		dev.Fail(usbtest.Feature, shutdownReport, func(b []byte) ([]byte, error) {
			if len(b) > 0 && b[1] == 90 {
				return []byte{shutdownReport, 60, 0}, nil
			}
			return b, nil
		})
		if err := desk.InstCmd(context.Background(), "load.off.delay", "90"); err != nil {
			t.Error(err)
		}
		dev.Fail(usbtest.Feature, alarmReport, func(b []byte) ([]byte, error) {
			if len(b) > 0 && b[3] == 33 {
				return []byte{alarmReport, 2, 0, 30, 0}, nil
			}
			return b, nil
		})
		if err := desk.SetVar(context.Background(), "battery.charge.low", "33"); !errors.Is(err, errIgnored) {
			t.Errorf("got %v", err)
		}
	})
}
