package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

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
	store *ups.Store // of live and all of the fleet

	ended context.CancelFunc
	wg    sync.WaitGroup
	dummy *process
}

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
	s := &stand{bench: b, store: ups.NewStore()}
	s.store.Set(values(0))
	if s.dummy, err = b.dummyUPS(ctx, "apc", apc); err != nil {
		b.remove()
		return nil, err
	}
	ctx, s.ended = context.WithCancel(ctx)
	for _, name := range own {
		ln, e := driversock.Listen(driversock.Path(b.dir, "bench", name))
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		s.wg.Go(func() {
			driversock.Serve(ctx, ln, s.store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
		})
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stand) close() {
	s.ended()
	s.wg.Wait()
	s.dummy.stop(syscall.SIGTERM)
	s.remove()
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
	err = until(ctx, srv.name, func() bool {
		c, err := dial(ctx, s.addr)
		if err != nil {
			return false
		}
		defer c.conn.Close()
		for _, r := range []request{getVar, {"GET VAR live ups.status\n", "VAR live ups.status "}} {
			if c.ask(r) != nil || !bytes.HasSuffix(c.last, []byte("\"OL\"\n")) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, p.stop(syscall.SIGKILL))
	}
	return p, nil
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

// processor is the time that a process has run.
func processor(pid int) (sum time.Duration) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if words := strings.Fields(string(text)); len(words) > 0 {
			ns, _ := strconv.ParseInt(words[0], 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}

// files is how many descriptors a process has.
func files(pid int) int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list)
}
