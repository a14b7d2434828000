package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/nutclient"
	"github.com/upscard/upscard/services/ups"
)

// device is the driver of a UPS that does what it is told.
type device struct {
	store *ups.Store

	mu     sync.Mutex
	vars   map[string]ups.Var
	orders []string
}

var _ driversock.Handler = (*device)(nil)

func newDevice() *device {
	d := &device{store: ups.NewStore(), vars: map[string]ups.Var{"ups.delay.shutdown": {Value: "1"}, "ups.timer.shutdown": {Value: "-1"}}}
	d.set("ups.status", "OL")
	return d
}

func (d *device) set(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vars[name] = ups.Var{Value: value}
	vars := make(map[string]ups.Var)
	for n, v := range d.vars {
		vars[n] = v
	}
	d.store.Set(ups.NewSnapshot(vars, []string{"shutdown.return"}, ups.Fresh, time.Now()))
}

func (d *device) InstCmd(_ context.Context, name, _ string) ups.Result {
	d.mu.Lock()
	d.orders = append(d.orders, name)
	d.mu.Unlock()
	d.set("ups.timer.shutdown", "1")
	return ups.Handled
}

func (d *device) SetVar(context.Context, string, string) ups.Result { return ups.Unknown }

func (d *device) ordered() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.orders, " ")
}

// processes is a card's upsd, a program of its own, which can be killed.
type processes struct {
	t       *testing.T
	dir     string
	program string
	addr    string
	upsd    *exec.Cmd
}

func newProcesses(t *testing.T) *processes {
	p := &processes{t: t}
	var err error
	if p.dir, err = os.MkdirTemp("", "card"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.dir) })
	p.program = filepath.Join(p.dir, "upsd")
	build := exec.Command("go", "build", "-o", p.program, "../upsd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.write("upsd.toml", "[users.other]\npassword = 'secret'\nupsmon = 'secondary'\n")
	p.write("upsmon.toml", "[monitor]\nhostsync = 10\nfinaldelay = 1\n")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = ln.Addr().String()
	ln.Close()
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *processes) write(name, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// start starts upsd, and returns when it serves.
func (p *processes) start() {
	p.upsd = exec.Command(p.program, "-config", filepath.Join(p.dir, "upsd.toml"), "-run", p.dir, "-state", filepath.Join(p.dir, "upsd-state"), "-listen", p.addr)
	p.upsd.Stderr = os.Stderr
	if !testing.Verbose() {
		p.upsd.Stderr = nil
	}
	if err := p.upsd.Start(); err != nil {
		p.t.Fatal(err)
	}
	until(p.t, "upsd", func() bool {
		c, err := nutclient.Dial(p.t.Context(), "tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (p *processes) kill() {
	_ = p.upsd.Process.Kill()
	_ = p.upsd.Wait()
}

// drive serves a driver's socket until the test ends.
func (p *processes) drive(d *device) {
	ln, err := driversock.Listen(driversock.Path(p.dir, "usbhid-ups", "ups"))
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = driversock.Serve(ctx, ln, d.store, d, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	p.t.Cleanup(func() { cancel(); serving.Wait() })
}

// upsmon starts ours; stop ends it.
func (p *processes) upsmon() (log *logBuffer, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	log = new(logBuffer)
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-config", filepath.Join(p.dir, "upsmon.toml"), "-run", p.dir, "-state", filepath.Join(p.dir, "upsmon-state")}, log, untightened)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-done; code != 0 || p.t.Failed() {
			p.t.Errorf("upsmon: exit code %d\n%s", code, log.buf.String())
		}
	})
	p.t.Cleanup(stop)
	return log, stop
}

// status is what clients see.
func (p *processes) status() string {
	c, err := nutclient.Dial(p.t.Context(), "tcp", p.addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	status, err := c.Var(p.t.Context(), "ups", "ups.status")
	if err != nil {
		return err.Error()
	}
	return status
}

// TestWholeOutage: two of Debian's upsmon log in to our upsd. The battery runs low, both shut down, the load is switched off, the mains come back;
// upsd is killed and upsmon started again on the way.
func TestWholeOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the outage")
	}
	nuttest.Program(t, "upsmon")
	p, d := newProcesses(t), newDevice()
	p.drive(d)
	log, stop := p.upsmon()
	again := func() { stop(); log, stop = p.upsmon() }
	var machines []*nuttest.Machine // Debian's
	for range 2 {
		m := nuttest.NewMachine(t, p.addr, "other", "secondary", "")
		m.Start()
		machines = append(machines, m)
	}
	until(t, "two logins", func() bool { return logins(t, p.addr) == "2" })
	d.set("ups.status", "OB DISCHRG")
	until(t, "ONBATT", func() bool { return log.has("event=ONBATT") })
	again()
	d.set("ups.status", "OB DISCHRG LB")
	until(t, "FSD", func() bool { return strings.HasPrefix(p.status(), "FSD") })
	p.kill()
	p.start()
	until(t, "FSD again", func() bool { return strings.HasPrefix(p.status(), "FSD") })
	for i, m := range machines {
		until(t, "SHUTDOWNCMD", func() bool { return !m.Down().IsZero() })
		if got := strings.Join(m.Told(), " "); !strings.Contains(got, "FSD") || !strings.Contains(got, "SHUTDOWN") { // NUT starts its commands at once, in no order
			t.Errorf("machine %d was told %s", i, got)
		}
	}
	until(t, "the order", func() bool { return d.ordered() != "" })
	for _, m := range machines {
		if m.Down().IsZero() {
			t.Error("the load was ordered off before all had shut down")
		}
	}
	again()
	d.set("ups.timer.shutdown", "-1")
	d.set("ups.status", "OFF OB")
	until(t, "OFF", func() bool { return log.has("event=OFF") })
	again()
	d.set("ups.status", "OL CHRG")
	until(t, "the end", func() bool { return p.status() == "OL CHRG" })
	until(t, "the notice of it", func() bool { return log.has("event=FSDEND") })
	if got := d.ordered(); got != "shutdown.return" {
		t.Errorf("ordered %s", got)
	}
	if log.has("event=ATTENTION") {
		t.Error("somebody was called")
	}
}

func logins(t *testing.T, addr string) string {
	c, err := nutclient.Dial(t.Context(), "tcp", addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	n, err := c.Get(t.Context(), "NUMLOGINS", "ups")
	if err != nil {
		return err.Error()
	}
	return n
}
