package sim_test

import (
	"context"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usbhid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// plugged are the descriptions that the project's own driver must read without a mistake.
func plugged(t *testing.T) []*device.Description {
	t.Helper()
	names := devices.Names()
	for _, capture := range []string{"apc-bk650m2-ch", "cyberpower-cp1300epfclcd"} {
		path := filepath.Join("../../../../shared/captures", capture+".toml")
		if found, _ := filepath.Glob(path); len(found) == 0 {
			t.Logf("no capture %s beside the repository", capture)
			continue
		}
		names = append(names, path)
	}
	var all []*device.Description
	for _, name := range names {
		d, err := devices.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// The project's own driver says of each simulated UPS what its model says, without QEMU between them.
func TestOwnDriver(t *testing.T) {
	for _, d := range plugged(t) {
		t.Run(d.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { drive(t, d) })
		})
	}
}

// driven plugs a UPS into the project's own driver, whose store it returns. What the driver writes to the UPS is a failure.
func driven(t *testing.T, d *device.Description, poll time.Duration) (u *sim.UPS, store *ups.Store, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	u = sim.New(d, sim.Options{})
	ln := newPipeListener()
	served := make(chan error, 1)
	go func() { served <- u.Serve(ctx, ln) }()
	guest, err := redirtest.Dial(ln.dial())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	if err := guest.Receive(ctx, d.Descriptors().Endpoint, true); err != nil {
		t.Fatal(err)
	}
	driver, err := usbhid.Open(ctx, &port{ctx, guest, identify(d), d.Descriptors().Interface}, usbhid.Options{PollFreq: poll})
	if err != nil {
		t.Fatal(err)
	}
	store = ups.NewStore()
	ran := make(chan error, 1)
	driverCtx, stopDriver := context.WithCancel(ctx)
	go func() { ran <- driver.Run(driverCtx, store) }()
	return u, store, func() {
		t.Helper()
		if w := u.Writes(); len(w) != 0 {
			t.Errorf("the driver wrote %v", w)
		}
		stopDriver()
		if err := <-ran; err != nil {
			t.Errorf("driver: %v", err)
		}
		guest.Close()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
}

func drive(t *testing.T, d *device.Description) {
	u, store, stop := driven(t, d, 5*time.Second)
	defer stop()
	for _, c := range []struct {
		line string
		want []string
	}{
		{"mains on", []string{"OL"}},
		{"mains off", []string{"OB", "DISCHRG"}},
		{"battery 5", []string{"OB", "DISCHRG", "LB"}},
		{"mains on", []string{"OL", "CHRG"}},
		{"replace on", []string{"OL", "CHRG", "RB"}},
		{"battery 100", []string{"OL", "RB"}},
	} {
		if _, err := u.Do(c.line); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Second) // past two full rounds of reading
		compare(t, c.line, c.want, store.Get(), u)
	}
}

// compare holds what the driver says against the model.
func compare(t *testing.T, line string, want []string, s *ups.Snapshot, u *sim.UPS) {
	t.Helper()
	status, _ := s.Var("ups.status")
	words := strings.Fields(status.Value)
	for _, w := range want {
		if w == "RB" && !tells(u, "NeedReplacement") {
			continue
		}
		if !slices.Contains(words, w) {
			t.Errorf("%s: status is %q, want %v", line, status.Value, want)
		}
	}
	unit := u.Model()
	for _, c := range []struct {
		name        string
		want, slack float64
	}{
		{"battery.charge", unit.Charge, 1},
		{"battery.runtime", unit.Runtime().Seconds(), 31}, // one device counts minutes
		{"battery.voltage", unit.BatteryVolts(), 0.1},
		{"input.voltage", unit.LineVolts(), 0.6},
		{"output.voltage", unit.OutputVolts(), 0.6},
		{"ups.load", unit.OutputLoad(), 0.6},
	} {
		v, told := s.Var(c.name)
		got, err := strconv.ParseFloat(v.Value, 64)
		if told && (err != nil || math.Abs(got-c.want) > c.slack) {
			t.Errorf("%s: %s is %q, want %.1f", line, c.name, v.Value, c.want)
		}
	}
}

// tells reports whether the device has a field of that name.
func tells(u *sim.UPS, name string) bool {
	return slices.ContainsFunc(u.Values(), func(v sim.Value) bool { return strings.HasSuffix(v.Path.String(), "."+name) })
}

// pipeListener hands out the far ends of pipes, which a synctest bubble can follow.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.conns <- near
	return far
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
