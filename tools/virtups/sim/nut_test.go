package sim_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usbhid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/sim"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// TestOwnDriverUnderNUT has NUT's upsd serve the project's own driver with a simulated UPS behind it: every variable, each set to what it is,
// every command, and an outage.
func TestOwnDriverUnderNUT(t *testing.T) {
	nuttest.Program(t, "upsd")
	set := 0
	for _, d := range plugged(t) {
		t.Run(d.Name, func(t *testing.T) { set += underNUT(t, d) })
	}
	if set == 0 {
		t.Error("no device has a variable to set")
	}
}

// underNUT returns how many variables were set.
func underNUT(t *testing.T, d *device.Description) (set int) {
	u := sim.New(d, sim.Options{})
	store, desk := serveOwn(t, u, d)
	bench := nuttest.New(t)
	bench.Configure("ups", "usbhid-ups", "port = auto")
	socket, err := driversock.Listen(driversock.Path(bench.Dir, "usbhid-ups", "ups"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- driversock.Serve(ctx, socket, store, orders{desk}, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	c := dialNUT(t, bench.Upsd("[op]\n\tpassword = secret\n\tactions = SET\n\tinstcmds = ALL\n"))

	same := func() {
		t.Helper()
		for begin := time.Now(); c.ask("LIST VAR ups") != listed(store.Get(), "VAR", 0); time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > patience {
				t.Fatalf("NUT's upsd: %s\nthe driver: %s", c.ask("LIST VAR ups"), listed(store.Get(), "VAR", 0))
			}
		}
	}
	same()
	if got, want := c.ask("LIST RW ups"), listed(store.Get(), "RW", ups.RW); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.ask("USERNAME op")
	c.ask("PASSWORD secret")
	c.ask("SET TRACKING ON")
	snap := store.Get()
	for _, name := range snap.Names() {
		if v, _ := snap.Var(name); v.Flags&ups.RW != 0 {
			set++
			if got := c.order(fmt.Sprintf("SET VAR ups %s %s", name, parseconf.AppendQuoted(nil, v.Value))); got != "SUCCESS\n" {
				t.Errorf("%s set to %q: %s", name, v.Value, got)
			}
		}
	}
	results := make(map[string]int)
	for _, name := range snap.Commands() {
		if !strings.Contains(c.ask("LIST CMD ups"), "CMD ups "+name+"\n") {
			t.Errorf("%s is not listed", name)
		}
		results[c.order("INSTCMD ups "+name)]++
	}
	if results["SUCCESS\n"] == 0 || results["SUCCESS\n"]+results["ERR FAILED\n"] != len(snap.Commands()) {
		t.Errorf("commands ended %v", results)
	}
	if _, err := u.Do("mains off"); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); !strings.Contains(c.ask("GET VAR ups ups.status"), "OB"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal(c.ask("GET VAR ups ups.status"))
		}
	}
	t.Logf("%d variables, %d set, %d commands, %d of them carried out", len(snap.Names()), set, len(snap.Commands()), results["SUCCESS\n"])
	return set
}

// serveOwn runs the project's own driver on a simulated UPS until the test ends, and waits for its values.
func serveOwn(t *testing.T, u *sim.UPS, d *device.Description) (*ups.Store, *usbhid.Desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ln, ended := newPipeListener(), make(chan error, 2)
	go func() { ended <- u.Serve(ctx, ln) }()
	guest, err := redirtest.Dial(ln.dial())
	if err == nil {
		_, err = guest.Expect(ctx, usbredir.TypeDeviceConnect)
	}
	if err == nil {
		err = guest.Receive(ctx, d.Descriptors().Endpoint, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	desk, store := usbhid.NewDesk(nil), ups.NewStore()
	driver, err := usbhid.Open(ctx, &port{ctx, guest, identify(d), d.Descriptors().Interface},
		usbhid.Options{PollInterval: 50 * time.Millisecond, PollFreq: time.Second, Desk: desk})
	if err != nil {
		t.Fatal(err)
	}
	driving, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- driver.Run(driving, store) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		cancel()
		<-ended
	})
	wait, enough := context.WithTimeout(ctx, patience)
	defer enough()
	for snap := store.Get(); snap.Freshness() != ups.Fresh; {
		if snap, err = store.Wait(wait, snap); err != nil {
			t.Fatal(err)
		}
	}
	return store, desk
}

// orders is the driver's end of its socket.
type orders struct{ desk *usbhid.Desk }

func (o orders) InstCmd(ctx context.Context, name, param string) ups.Result {
	return result(o.desk.InstCmd(ctx, name, param))
}

func (o orders) SetVar(ctx context.Context, name, value string) ups.Result {
	return result(o.desk.SetVar(ctx, name, value))
}

func result(err error) ups.Result {
	switch {
	case err == nil:
		return ups.Handled
	case errors.Is(err, usbhid.ErrUnknown):
		return ups.Unknown
	}
	return ups.Failed
}

// listed is a LIST of a snapshot's variables that have these flags.
func listed(snap *ups.Snapshot, kind string, flags ups.Flags) string {
	text := "BEGIN LIST " + kind + " ups\n"
	for _, name := range snap.Names() {
		if v, _ := snap.Var(name); v.Flags&flags == flags {
			text += fmt.Sprintf("%s ups %s %s\n", kind, name, parseconf.AppendQuoted(nil, v.Value))
		}
	}
	return text + "END LIST " + kind + " ups\n"
}

// asker is a client of NUT's upsd.
type asker struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dialNUT(t *testing.T, addr string) *asker {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(4 * patience))
	return &asker{t, conn, bufio.NewReader(conn)}
}

// ask returns the answer, a line or a list.
func (a *asker) ask(request string) (answer string) {
	a.t.Helper()
	if _, err := io.WriteString(a.conn, request+"\n"); err != nil {
		a.t.Fatal(err)
	}
	for {
		line, err := a.in.ReadString('\n')
		if err != nil {
			a.t.Fatalf("%s: %q, %v", request, answer+line, err)
		}
		answer += line
		if !strings.HasPrefix(answer, "BEGIN LIST ") || strings.HasPrefix(line, "END LIST ") {
			return answer
		}
	}
}

// order returns how an order ended.
func (a *asker) order(request string) string {
	a.t.Helper()
	answer := a.ask(request)
	id, tracked := strings.CutPrefix(answer, "OK TRACKING ")
	for begin := time.Now(); tracked && time.Since(begin) < patience; time.Sleep(5 * time.Millisecond) {
		if answer = a.ask("GET TRACKING " + strings.TrimSpace(id)); answer != "PENDING\n" {
			break
		}
	}
	return answer
}
