package driversock

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

func TestAppendOrder(t *testing.T) {
	for _, tt := range []struct {
		order ups.Order
		want  string
	}{
		{ups.Order{ID: "1-a", Name: "load.off"}, "INSTCMD load.off TRACKING 1-a\n"},
		{ups.Order{ID: "1-a", Name: "load.off.delay", Value: "12 0"}, "INSTCMD load.off.delay \"12 0\" TRACKING 1-a\n"},
		{ups.Order{ID: "1-a", Name: "load.off", Value: "TRACKING"}, "INSTCMD load.off \"TRACKING\" TRACKING 1-a\n"},
		{ups.Order{ID: "1-a", Set: true, Name: "ups.id", Value: `say "hi" \ #1`}, `SET ups.id "say \"hi\" \\ \#1" TRACKING 1-a` + "\n"},
		{ups.Order{ID: "1-a", Set: true, Name: "ups.id", Value: "a\nSET b c"}, "SET ups.id \"aSET b c\" TRACKING 1-a\n"},
		{ups.Order{ID: "1-a", Set: true, Name: "ups.id"}, "SET ups.id \"\" TRACKING 1-a\n"},
	} {
		if got := string(appendOrder(nil, tt.order)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	long := ups.Order{ID: strings.Repeat("i", 36), Set: true, Name: strings.Repeat("n", maxName), Value: strings.Repeat("#", parseconf.MaxWord)}
	if n := len(appendOrder(nil, long)); n > maxLine {
		t.Errorf("the longest order has %d bytes, a line may have %d", n, maxLine)
	}
}

// results collects what became of orders.
type results struct {
	mu   sync.Mutex
	list []string
}

func (r *results) of(id string) func(ups.Result) {
	return func(result ups.Result) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.list = append(r.list, id+" "+result.String())
	}
}

func (r *results) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Join(r.list, ", ") != strings.Join(want, ", ") {
		t.Fatalf("got %q, want %q", r.list, want)
	}
}

// give hands over an order that the fake driver reads.
func (d *fakeDriver) give(id string, r *results) {
	d.t.Helper()
	errs := make(chan error)
	go func() { errs <- d.orders.Give(ups.Order{ID: id, Name: "load.off"}, r.of(id)) }()
	d.expect("INSTCMD load.off TRACKING " + id + "\n")
	if err := <-errs; err != nil {
		d.t.Fatal(err)
	}
}

const freshDump = "SETINFO ups.status OL\nDATAOK\nDUMPDONE\n"

func TestOrderResults(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		var r results
		refused := func(want error) {
			t.Helper()
			if err := d.orders.Give(ups.Order{ID: "x"}, r.of("x")); !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
		}
		refused(ErrNoDriver)
		d.accept()
		d.send("SETINFO ups.status OL\nDATAOK\n")
		refused(ErrNoDriver) // whose state is not known yet
		d.send("DUMPDONE\n")
		d.give("a", &r)
		r.want(t)
		d.send("TRACKING never 0\nTRACKING a 0\nTRACKING a 3\n")
		r.want(t, "a handled")
		d.give("b", &r)
		d.send("SETINFO ups.status OFF\nTRACKING a 3\nTRACKING b 2\n")
		r.want(t, "a handled", "b invalid")
		d.want(ups.Fresh, "OFF")
	})
}

// TestOrderOfADriverThatDies: nobody knows what became of it, so it failed. It is not sent to the next driver.
func TestOrderOfADriverThatDies(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		var r results
		d.accept()
		d.send(freshDump)
		d.give("a", &r)
		d.send("TRACKING a 0\n")
		d.give("b", &r)
		waiting := make(chan error)
		go func() { waiting <- d.orders.Give(ups.Order{ID: "w"}, r.of("w")) }()
		synctest.Wait()
		d.conn.Close()
		if err := <-waiting; !errors.Is(err, ErrNoDriver) {
			t.Error("waiting for its turn:", err)
		}
		r.want(t, "a handled", "b failed")
		if err := d.orders.Give(ups.Order{ID: "c"}, r.of("c")); !errors.Is(err, ErrNoDriver) {
			t.Error(err)
		}
		d.accept()
		d.send(freshDump)
		d.give("d", &r)
		d.send("TRACKING b 0\nTRACKING d 0\n")
		r.want(t, "a handled", "b failed", "d handled")
	})
}

func TestOrderTimesOut(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		var r results
		d.accept()
		d.send(freshDump)
		d.give("a", &r)
		go func() { // the driver talks, but not of the order
			for lines := bufio.NewScanner(d.in); lines.Scan(); {
				fmt.Fprintln(d.conn, "PONG")
			}
		}()
		time.Sleep(orderTimeout - time.Nanosecond)
		r.want(t)
		time.Sleep(time.Nanosecond)
		r.want(t, "a failed")
		d.send("TRACKING a 0\n")
		r.want(t, "a failed")
		if said := d.log.String(); strings.Count(said, "no answer to an order, which may still be carried out\" order=a after=30s") != 1 {
			t.Error(said)
		}
	})
}

// TestOneOrderAtATime: what waits for its turn is not in the driver's socket yet, and is dropped when that takes too long.
func TestOneOrderAtATime(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		var r results
		d.accept()
		d.send(freshDump)
		d.give("a", &r)
		begin, errs := time.Now(), make(chan error)
		for range 3 {
			go func() { errs <- d.orders.Give(ups.Order{ID: "x"}, r.of("x")) }()
		}
		for range 3 {
			if err := <-errs; !errors.Is(err, ErrBusy) || time.Since(begin) != turnTimeout {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
		}
		go func() { errs <- d.orders.Give(ups.Order{ID: "b", Name: "load.off"}, r.of("b")) }()
		time.Sleep(turnTimeout / 2)
		d.expect("PING\n")
		d.send("TRACKING a 3\n")
		d.expect("INSTCMD load.off TRACKING b\n")
		if err := <-errs; err != nil {
			t.Error(err)
		}
		d.send("TRACKING b 0\n")
		r.want(t, "a failed", "b handled")
	})
}

// TestOrderThatCannotBeWritten: a driver that reads nothing loses the connection, so that no half of an order is ever completed.
func TestOrderThatCannotBeWritten(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		var r results
		d.accept()
		d.send(freshDump)
		err := d.orders.Give(ups.Order{ID: "a", Name: "load.off"}, r.of("a"))
		synctest.Wait()
		if err == nil {
			r.want(t, "a failed")
		} else {
			r.want(t)
		}
		d.want(ups.Absent, "")
		d.accept()
	})
}

func TestOldDriverGetsNoOrders(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		d.send("SETINFO driver.version 2.7.4\n" + freshDump)
		if err := d.orders.Give(ups.Order{ID: "a", Name: "load.off"}, nil); !errors.Is(err, ErrTellsNoResult) {
			t.Error(err)
		}
	})
	for version, want := range map[string]bool{"": false, "2.8.0": false, "2.7.4": true, "2.70.1": false, "2.10.0": false, "3.0": false, "1.0": true, "0.9": true, "10.2": false} {
		if isOld(version) != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}

// FuzzOrder: a driver reads back what was ordered, and nothing else, whatever a client sent.
func FuzzOrder(f *testing.F) {
	f.Add("20", true)
	f.Add("TRACKING", false)
	f.Add("a\nSET b \"c\" # \\ \xff\x00", true)
	f.Fuzz(func(t *testing.T, value string, set bool) {
		order := ups.Order{ID: "1-a", Set: set, Name: "some.name", Value: value}
		line := string(appendOrder(nil, order))
		rest, whole := strings.CutSuffix(line, "\n")
		if !whole || strings.Contains(rest, "\n") {
			t.Fatalf("%q is not one line", line)
		}
		var s parseconf.Splitter
		words, err := s.Split([]byte(rest))
		clean := string(parseconf.AppendBare(nil, value))
		if err != nil {
			if len(clean) > parseconf.MaxWord {
				return
			}
			t.Fatalf("%q: %v", line, err)
		}
		want := []string{"INSTCMD", "some.name", clean, "TRACKING", "1-a"}
		if set {
			want[0] = "SET"
		} else if value == "" {
			want = []string{"INSTCMD", "some.name", "TRACKING", "1-a"}
		}
		if got := fmt.Sprintf("%q", words); got != fmt.Sprintf("%q", want) {
			t.Fatalf("%q is read as %s", line, got)
		}
	})
}
