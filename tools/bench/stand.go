package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// apc is the UPS that is asked about, as NUT's dummy-ups plays it: a Smart-UPS on the mains. What the driver adds is the same for both servers.
const apc = `battery.charge: 100
battery.charge.low: 10
battery.charge.warning: 50
battery.date: 2001/09/25
battery.mfr.date: 2021/03/14
battery.runtime: 2340
battery.runtime.low: 120
battery.temperature: 29.5
battery.type: PbAc
battery.voltage: 27.2
battery.voltage.nominal: 24.0
device.mfr: American Power Conversion
device.model: Smart-UPS 1500
device.serial: AS1234567890
device.type: ups
input.sensitivity: medium
input.transfer.high: 253
input.transfer.low: 208
input.transfer.reason: input voltage out of range
input.voltage: 231.8
output.current: 0.60
output.frequency: 50.0
output.voltage: 231.8
output.voltage.nominal: 230.0
ups.beeper.status: enabled
ups.delay.shutdown: 20
ups.delay.start: 30
ups.firmware: 652.13.I
ups.firmware.aux: 7.3
ups.load: 14.0
ups.mfr: American Power Conversion
ups.mfr.date: 2021/03/14
ups.model: Smart-UPS 1500
ups.productid: 0002
ups.serial: AS1234567890
ups.status: OL
ups.test.result: No test initiated
ups.timer.reboot: -1
ups.timer.shutdown: -1
ups.timer.start: -1
ups.vendorid: 051d
`

// fleetSize is how many UPSes a large installation has here.
const fleetSize = 16

// live is the UPS whose driver is this process, and whose values change.
const live = "live"

// stand is all that a server is measured with but the server: a bench with drivers that run.
type stand struct {
	*bench
	door   door       // to the server
	theirs string     // what the other server is, a sentence, if that is not NUT's
	ready  []readied  // what it answers once it has all values
	agreed agreement  // on TLS, if they come in by that
	link   *link      // of a server that is found by mDNS
	store  *ups.Store // of all that this process is the driver of

	ends []func() // to be called by close, the last one first
}

// readied is what a server that is ready answers.
type readied struct {
	request
	has string
}

// online is what upsd answers.
var online = []readied{{getVar, `"OL"`}, {getLive, `"OL"`}}

// newStand starts drivers for apc, live and as many more.
func newStand(ctx context.Context, more int) (*stand, error) {
	own := []string{live}
	for i := range more {
		own = append(own, fmt.Sprintf("more%d", i))
	}
	drivers := map[string]string{"apc": "dummy-ups"}
	for _, name := range own {
		drivers[name] = "bench"
	}
	b, err := newBench(drivers)
	if err != nil {
		return nil, err
	}
	s := newBare(b)
	s.ready = online
	dummy, err := b.dummyUPS(ctx, "apc", apc)
	if err != nil {
		s.close()
		return nil, err
	}
	s.after(func() { dummy.stop(syscall.SIGTERM) })
	for _, name := range own {
		err = errors.Join(err, s.drive(ctx, driversock.Path(b.dir, "bench", name)))
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// newBare is a stand whose drivers are yet to come.
func newBare(b *bench) *stand {
	s := &stand{bench: b, door: plain(b.addr), store: ups.NewStore()}
	s.store.Set(values(0))
	s.after(b.remove)
	return s
}

// drive tells what is in the store on a socket.
func (s *stand) drive(ctx context.Context, path string) error {
	ln, err := driversock.Listen(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		driversock.Serve(ctx, ln, s.store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	s.after(func() { cancel(); <-done })
	return nil
}

func (s *stand) after(f func()) { s.ends = append(s.ends, f) }

func (s *stand) close() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
}

// values are apc's with another load.
func values(load int) *ups.Snapshot {
	vars := make(map[string]ups.Var)
	for line := range strings.Lines(apc) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		vars[name] = ups.Var{Value: value}
	}
	vars["ups.load"] = ups.Var{Value: strconv.Itoa(load)}
	return ups.NewSnapshot(vars, nil, ups.Fresh, time.Now())
}

// serving starts a server and waits until it has all values.
func (s *stand) serving(ctx context.Context, srv server) (*process, error) {
	p, err := srv.begin(s.bench)
	if err != nil {
		return nil, err
	}
	var why error
	err = until(ctx, srv.name, func() bool {
		why = s.isReady(ctx)
		return why == nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w\n%s", err, why, p.stop(syscall.SIGKILL))
	}
	return p, nil
}

func (s *stand) isReady(ctx context.Context) error {
	if s.link != nil {
		return s.link.isFound()
	}
	c, err := s.door(ctx)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	for _, w := range s.ready {
		if err := c.ask(w.request); err != nil {
			return err
		}
		if !bytes.Contains(c.last, []byte(w.has)) {
			return fmt.Errorf("answered %q", c.last)
		}
	}
	return nil
}

// resident is a process's memory in bytes: that, and the most that it ever was.
func resident(pid int) (now, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) != 3 {
			continue
		}
		kB, _ := strconv.ParseInt(words[1], 10, 64)
		switch words[0] {
		case "VmRSS:":
			now = kB << 10
		case "VmHWM:":
			peak = kB << 10
		}
	}
	return now, peak, err
}

// processor is the time that a process has run, with those of its threads that have ended.
func processor(pid int) time.Duration {
	var t unix.Timespec
	unix.ClockGettime(int32(^pid<<3|2), &t) // the process's clock, as clock_getcpuclockid(3) has it; zero if it has gone
	return time.Duration(t.Nano())
}

// files is how many descriptors a process has.
func files(pid int) int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list)
}
