package driversock

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
)

var quiet = slog.New(slog.DiscardHandler)

// fakeDriver is the other end of Follow, in a test's own hands.
type fakeDriver struct {
	t      *testing.T
	conns  chan net.Conn
	wake   chan struct{}
	store  *ups.Store
	data   int // calls of OnData
	orders Orders
	log    bytes.Buffer
	conn   net.Conn
	in     *bufio.Reader
}

// follow runs Follow in a bubble, with a driver that accepts while accepting is non-nil.
func follow(t *testing.T, test func(d *fakeDriver)) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDriver{t: t, conns: make(chan net.Conn), wake: make(chan struct{}, 1), store: ups.NewStore()}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- Follow(ctx, "driver", d.store, FollowOptions{
				Logger: slog.New(slog.NewTextHandler(&d.log, nil)), Wake: d.wake, Dial: d.dial, OnData: func() { d.data++ },
				Orders: &d.orders,
			})
		}()
		test(d)
		cancel()
		if err := <-done; err != nil {
			t.Error("Follow:", err)
		}
		if d.conn != nil {
			d.conn.Close()
		}
	})
}

func (d *fakeDriver) dial(ctx context.Context, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case d.conns <- theirs:
		return ours, nil
	default:
		return nil, errors.New("refused")
	}
}

// accept takes a connection and its DUMPALL.
func (d *fakeDriver) accept() {
	d.t.Helper()
	d.conn = <-d.conns
	d.in = bufio.NewReader(d.conn)
	d.expect("DUMPALL\n")
}

func (d *fakeDriver) expect(want string) {
	d.t.Helper()
	got, err := d.in.ReadString('\n')
	if got != want {
		d.t.Fatalf("driver read %q, %v; want %q", got, err, want)
	}
}

func (d *fakeDriver) send(text string) {
	d.t.Helper()
	if _, err := io.WriteString(d.conn, text); err != nil {
		d.t.Fatal(err)
	}
	synctest.Wait()
}

func (d *fakeDriver) want(f ups.Freshness, status string) {
	d.t.Helper()
	synctest.Wait()
	s := d.store.Get()
	if s.Freshness() != f || s.Value("ups.status") != status {
		d.t.Fatalf("store is %v with status %q, want %v %q", s.Freshness(), s.Value("ups.status"), f, status)
	}
}

func TestFollowNeverShowsHalfADump(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		d.send("SETINFO ups.status OL\nDATAOK\n")
		d.want(ups.Absent, "")
		if d.data != 0 {
			t.Error("OnData before data")
		}
		d.send("SETINFO battery.charge 99\nDUMPDO")
		d.want(ups.Absent, "")
		d.send("NE\n")
		d.want(ups.Fresh, "OL")
		if d.data != 1 {
			t.Error("no OnData")
		}
		if read := d.store.Get().Read(); read != time.Now() {
			t.Error("read at", read)
		}
	})
}

func TestFollowFreshness(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		d.send("DATASTALE\nDUMPDONE\n")
		d.want(ups.Stale, "")
		d.send("SETINFO ups.status OL\nDATAOK\n")
		d.want(ups.Fresh, "OL")
		read := time.Now()
		time.Sleep(time.Second)
		d.send("DATASTALE\nSETINFO ups.status OB\n")
		d.want(ups.Stale, "OB")
		if got := d.store.Get().Read(); got != read {
			t.Errorf("stale data read at %v, want %v", got, read)
		}
		d.send("DATAOK\n")
		d.want(ups.Fresh, "OB")
	})
}

func TestFollowSilence(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		start := time.Now()
		d.send("SETINFO ups.status OL\nDATAOK\nDUMPDONE\n")
		for i := 1; i <= 2; i++ {
			d.expect("PING\n")
			if got := time.Since(start); got != time.Duration(i)*MaxAge/3 {
				t.Errorf("PING %d after %v", i, got)
			}
		}
		d.want(ups.Fresh, "OL")
		d.expect("PING\n")
		d.want(ups.Stale, "OL")
		if got := time.Since(start); got != MaxAge {
			t.Errorf("stale after %v", got)
		}
		d.expect("PING\n")
		d.send("rubbish\n")
		d.want(ups.Stale, "OL")
		d.send("PONG\n")
		d.want(ups.Fresh, "OL")
	})
}

func TestFollowFlushesOnReconnect(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		d.send("SETINFO ups.status OL\nSETINFO old 1\nADDCMD old.command\nDATAOK\nDUMPDONE\n")
		d.want(ups.Fresh, "OL")
		d.conn.Close()
		d.want(ups.Absent, "")
		d.accept()
		d.want(ups.Absent, "")
		d.send("SETINFO ups.status OB\nDATAOK\nDUMPDONE\n")
		d.want(ups.Fresh, "OB")
		if s := d.store.Get(); len(s.Names()) != 1 || len(s.Commands()) != 0 {
			t.Errorf("left from before: %v %v", s.Names(), s.Commands())
		}
	})
}

func TestFollowRetries(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		time.Sleep(time.Minute) // long enough for the longest delay
		begin := time.Now()
		d.accept()
		if waited := time.Since(begin); waited > lastRetry {
			t.Errorf("connected after %v", waited)
		}
		d.conn.Close()
		time.Sleep(time.Minute + time.Millisecond)
		begin = time.Now()
		d.wake <- struct{}{}
		d.accept()
		if waited := time.Since(begin); waited > 2*firstRetry {
			t.Errorf("connected %v after it was told", waited)
		}
	})
}

func TestFollowTakesRubbish(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		line := make([]byte, 3*maxLine)
		d.send("SETINFO ups.status OL\n\x00\xff\n\n\"\n#\nSETINFO\n" + string(line) + "\nDATAOK\nDUMPDONE\n")
		d.want(ups.Fresh, "OL")
	})
}

func TestFollowSaysHowOldStaleDataAre(t *testing.T) {
	follow(t, func(d *fakeDriver) {
		d.accept()
		d.send("SETINFO ups.status OL\nDATAOK\nDUMPDONE\n")
		time.Sleep(3 * time.Second)
		d.send("DATASTALE\n")
		d.want(ups.Stale, "OL")
		d.send("SETINFO battery.charge 99\n")
		if said := d.log.String(); strings.Count(said, `msg="data are stale" age=3s`) != 1 {
			t.Error(said)
		}
	})
}
