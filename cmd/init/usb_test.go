package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/supervise"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// fakeKeeper is a supervisor whose programs come to the state that the test sets.
type fakeKeeper struct {
	mu      sync.Mutex
	all     []supervise.Status
	log     []string
	changed chan struct{}
}

var _ keeper = (*fakeKeeper)(nil)

func (k *fakeKeeper) Add(p supervise.Program) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.log = append(k.log, "add "+p.Name)
	k.all = append(k.all, supervise.Status{Name: p.Name, State: supervise.Starting})
	return nil
}

func (k *fakeKeeper) Remove(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.log = append(k.log, "remove "+name)
	k.all = slices.DeleteFunc(k.all, func(st supervise.Status) bool { return st.Name == name })
}

func (k *fakeKeeper) Status() []supervise.Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all)
}

func (k *fakeKeeper) Changed() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changed
}

// done is all that was asked for.
func (k *fakeKeeper) done() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.log, ", ")
}

// set brings a program to a state.
func (k *fakeKeeper) set(name string, state supervise.State, code int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.all {
		if k.all[i].Name == name {
			k.all[i].State, k.all[i].LastExit.Code = state, code
		}
	}
	close(k.changed)
	k.changed = make(chan struct{})
}

// plug makes a device in the sysfs tree, with one interface that is no boot keyboard.
func plug(t *testing.T, sysfs, port string, address int) {
	t.Helper()
	files := map[string]string{
		"idVendor": "051d", "idProduct": "0002", "bcdDevice": "0090", "busnum": "1", "devnum": fmt.Sprint(address), "serial": "S" + port,
		port + ":1.0/bInterfaceClass": "03", port + ":1.0/bInterfaceSubClass": "00", port + ":1.0/bInterfaceProtocol": "00",
	}
	for name, value := range files {
		path := filepath.Join(sysfs, "bus/usb/devices", port, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDriversFollowTheDevices(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		granted := make(map[string]int)
		k := &fakeKeeper{changed: make(chan struct{})}
		w := &usbWorld{sysfs: dir, run: dir, state: t.TempDir(), self: "/init", keeper: k, logger: slog.New(slog.NewTextHandler(&log, nil)),
			grant: func(node string, seat int) error { granted[node] = seat; return nil }}
		look := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.loop(ctx, look)
		}()
		want := func(log string) {
			t.Helper()
			synctest.Wait()
			if got := k.done(); got != log {
				t.Errorf("did %q, want %q", got, log)
			}
		}
		plug(t, dir, "1-2", 5)
		look <- struct{}{}
		want("")
		time.Sleep(restTime - 1)
		plug(t, dir, "1-1", 4) // comes late, and first all the same
		look <- struct{}{}
		time.Sleep(restTime - 1)
		want("")
		time.Sleep(time.Nanosecond)
		want("add usbhid-ups.1")
		k.set("usbhid-ups.1", supervise.Done, exitNoUPS)
		want("add usbhid-ups.1, remove usbhid-ups.1, add usbhid-ups.2")
		plug(t, dir, "1-1", 6) // again: another address
		look <- struct{}{}
		want("add usbhid-ups.1, remove usbhid-ups.1, add usbhid-ups.2")
		time.Sleep(settleTime)
		want("add usbhid-ups.1, remove usbhid-ups.1, add usbhid-ups.2, add usbhid-ups.1")
		cancel()
		<-ended

		if want := map[string]int{usb.Node(1, 4): 1, usb.Node(1, 5): 2, usb.Node(1, 6): 1}; !maps.Equal(granted, want) {
			t.Errorf("granted %v, want %v", granted, want)
		}
		// The part may fail and run again: what has seats keeps them.
		ctx, cancel = context.WithCancel(t.Context())
		ended = make(chan struct{})
		go func() {
			defer close(ended)
			w.loop(ctx, look)
		}()
		synctest.Wait()
		cancel()
		<-ended

		roster, err := usb.ReadRoster(dir)
		if err != nil || len(roster) != 2 || !roster[0].NotUPS || roster[1].NotUPS {
			t.Errorf("roster %v, %v\n%s", roster, err, &log)
		}
	})
}

// TestHungDevice has a device that the kernel is busy with: the drivers of others start and end meanwhile, and its own starts when the kernel is done.
func TestHungDevice(t *testing.T) {
	sysfs := usbtest.NewSysfs(t)
	var log bytes.Buffer
	k := &fakeKeeper{changed: make(chan struct{})}
	w := &usbWorld{sysfs: sysfs.Root, run: t.TempDir(), state: t.TempDir(), self: "/init", keeper: k, logger: slog.New(slog.NewTextHandler(&log, nil)),
		grant: func(string, int) error { return nil }}
	hung := usb.ID{Vendor: 0x0764, Product: 0x0501, Serial: "H", Port: "1-1", Bus: 1, Address: 2}
	sysfs.Plug(hung, usbtest.HID)
	release := sysfs.Hang(hung)
	sysfs.Plug(usb.ID{Vendor: 0x051d, Product: 2, Serial: "A", Port: "1-2", Bus: 1, Address: 3}, usbtest.HID)

	look := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.loop(ctx, look)
	}()
	until := func(want string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); k.done() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("did %q, want %q", k.done(), want)
			}
		}
	}
	began := time.Now()
	look <- struct{}{}
	until("add usbhid-ups.1") // when the bus has been busy for long enough
	if took := time.Since(began); took < longestRest {
		t.Errorf("a seat was given after %v", took)
	}
	k.set("usbhid-ups.1", supervise.Done, exitNoUPS)
	until("add usbhid-ups.1, remove usbhid-ups.1")
	release()
	until("add usbhid-ups.1, remove usbhid-ups.1, add usbhid-ups.2")
	cancel()
	<-ended
	if roster, err := usb.ReadRoster(w.run); err != nil || len(roster) != 2 || !roster[1].Matches(hung) {
		t.Errorf("roster %v, %v\n%s", roster, err, &log)
	}
}

// TestMisread has a device of which the kernel has read the serial number wrong, by its driver's word: it goes to the driver of its own seat.
func TestMisread(t *testing.T) {
	sysfs, run, state := usbtest.NewSysfs(t), t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		right := usb.ID{Vendor: 0x051d, Product: 2, Serial: "A1234", Port: "1-1", Bus: 1, Address: 2}
		wrong := right
		wrong.Serial, wrong.Address = "A12", 3
		granted, nudged := make(map[string]int), 0
		k := &fakeKeeper{changed: make(chan struct{})}
		w := &usbWorld{sysfs: sysfs.Root, run: run, state: state, self: "/init", keeper: k, logger: slog.New(slog.DiscardHandler),
			grant: func(node string, seat int) error { granted[node] = seat; return nil },
			nudge: func(string) error { nudged++; return nil }}
		look := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.loop(ctx, look) }()
		plug := func(id usb.ID) {
			sysfs.Unplug("1-1")
			sysfs.Plug(id, usbtest.HID)
			look <- struct{}{}
			time.Sleep(time.Second)
		}
		want := func(log string, seat int) {
			t.Helper()
			synctest.Wait()
			if got := k.done(); got != log || granted[usb.Node(1, 3)] != seat {
				t.Errorf("did %q, granted %v, want %q, %d", got, granted, log, seat)
			}
		}
		plug(right)
		k.set("usbhid-ups.1", supervise.Ready, 0)
		plug(wrong)
		want("add usbhid-ups.1, add usbhid-ups.2", 2)
		k.set("usbhid-ups.2", supervise.Done, exitSeat+1)
		time.Sleep(time.Minute)
		want("add usbhid-ups.1, add usbhid-ups.2, remove usbhid-ups.2", 1)
		look <- struct{}{}
		want("add usbhid-ups.1, add usbhid-ups.2, remove usbhid-ups.2", 1)
		if nudged != 1 {
			t.Errorf("nudged %d times", nudged)
		}
		right.Address = 4
		plug(right)
		want("add usbhid-ups.1, add usbhid-ups.2, remove usbhid-ups.2", 1)
		cancel()
		<-ended
	})
	roster, err := usb.ReadRoster(run)
	if err != nil || len(roster) != 2 || roster[0].NotUPS || !roster[1].NotUPS {
		t.Errorf("roster %v, %v", roster, err)
	}
}

// TestNotMisread has a driver whose word cannot be true: no device goes to the driver of another port or model.
func TestNotMisread(t *testing.T) {
	a := usb.Seat{Port: "1-1", Vendor: 1, Product: 2, Serial: "A"}
	port, model, other := a, a, a
	port.Port, model.Product, other.NotUPS, other.Serial = "1-2", 3, true, "B"
	for i, seat := range []usb.Seat{port, model, other} {
		s := newSeats(usb.Roster{a, seat})
		s.plugged[1], s.drivers[1] = "/dev/x", true
		if s.misread(1, 2) || len(s.serials) > 0 || s.drivers[1] {
			t.Errorf("%d: taken", i)
		}
	}
	s := newSeats(usb.Roster{a})
	if s.misread(1, 1) || s.misread(1, 9) {
		t.Error("no other seat")
	}
}
