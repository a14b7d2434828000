package driversock

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// socketPath is short enough for a socket, as t.TempDir may not be.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ds")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "usbhid-ups-ups")
}

// serve runs Serve until the test ends.
func serve(t *testing.T, store *ups.Store, h Handler) (path string) {
	t.Helper()
	path = socketPath(t)
	ln, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, ln, store, h, ServeOptions{Logger: quiet}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the socket is still there")
		}
	})
	return path
}

type talk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, path string) *talk {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &talk{t, conn, bufio.NewReader(conn)}
}

func (c *talk) say(lines string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, lines); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads as many lines as want has.
func (c *talk) expect(want string) {
	c.t.Helper()
	var got strings.Builder
	for range strings.Count(want, "\n") {
		line, err := c.in.ReadString('\n')
		got.WriteString(line)
		if err != nil {
			c.t.Fatalf("got %q, %v; want %q", got.String(), err, want)
		}
	}
	if got.String() != want {
		c.t.Fatalf("got %q, want %q", got.String(), want)
	}
}

// recorder is a Handler that tells what was asked.
type recorder struct{ asked chan string }

var _ Handler = recorder{}

func (r recorder) InstCmd(_ context.Context, name, param string) Result {
	r.asked <- fmt.Sprintf("%s(%s)", name, param)
	return Handled
}

func (r recorder) SetVar(_ context.Context, name, value string) Result {
	r.asked <- name + "=" + value
	return Failed
}

func TestServe(t *testing.T) {
	store := ups.NewStore()
	h := recorder{make(chan string, 10)}
	c := dial(t, serve(t, store, h))
	c.say("DUMPALL\n")
	c.expect("DATASTALE\nDUMPDONE\n")
	store.Set(snap(ups.Fresh, vars{"ups.status": {Value: "OL"}}, "load.off"))
	c.expect("SETINFO ups.status \"OL\"\nADDCMD load.off\nDATAOK\n")
	c.say("PING\nping\n\nrubbish \"\nGETPID\n")
	c.expect(fmt.Sprintf("PONG\nPONG\nPID %d\n", os.Getpid()))
	c.say("DUMPALL\nDUMPVALUE ups.status\nDUMPVALUE no.such\nDUMPVALUE\nDUMPSTATUS\n")
	c.expect("SETINFO ups.status \"OL\"\nADDCMD load.off\nDATAOK\nDUMPDONE\n")
	c.expect("SETINFO ups.status \"OL\"\nDATAOK\nDUMPDONE\nDATAOK\nDUMPDONE\nSETINFO ups.status \"OL\"\nDATAOK\nDUMPDONE\n")

	c.say("NOBROADCAST\nPING\n")
	c.expect("PONG\n")
	store.Set(snap(ups.Fresh, vars{"ups.status": {Value: "OB"}}, "load.off"))
	c.say("PING\n")
	c.expect("PONG\n")
	c.say("BROADCAST 0\nPING\nBROADCAST\nPING\n")
	c.expect("PONG\nSETINFO ups.status \"OB\"\nPONG\n")

	c.say("INSTCMD load.off\nINSTCMD load.off 10 TRACKING a-1\nINSTCMD x TRACKING a-2\nSET ups.id \"Data room\" TRACKING a-3\n" +
		"SET ups.id\nINSTCMD a b c\nPING\n")
	for _, want := range []string{"load.off()", "load.off(10)", "x()", "ups.id=Data room"} {
		if got := <-h.asked; got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
	c.expect("TRACKING a-1 0\nTRACKING a-2 0\nTRACKING a-3 3\nPONG\n")
	c.say("LOGOUT\nPING\n")
	c.expect("OK Goodbye\n")
	if b, err := io.ReadAll(c.in); len(b) != 0 {
		t.Errorf("after LOGOUT: %q, %v", b, err)
	}
}

func TestServeOffersNothing(t *testing.T) {
	c := dial(t, serve(t, ups.NewStore(), nil))
	c.say("INSTCMD load.off TRACKING a\nSET ups.id b TRACKING c\n")
	c.expect("TRACKING a 1\nTRACKING c 1\n")
}

func TestListenTwice(t *testing.T) {
	path := socketPath(t)
	for range 2 {
		ln, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		ln.Close() // as a driver that is killed
	}
}

// TestSuccessor: a driver that ends leaves the socket of the next one alone.
func TestSuccessor(t *testing.T) {
	path := socketPath(t)
	var ends []func()
	for range 2 {
		ln, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Serve(ctx, ln, ups.NewStore(), nil, ServeOptions{Logger: quiet}) }()
		c := dial(t, path)
		c.say("PING\n")
		c.expect("PONG\n")
		ends = append(ends, func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	ends[0]()
	if _, err := os.Stat(path); err != nil {
		t.Error("the successor's socket is gone:", err)
	}
	ends[1]()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is still there")
	}
}

// TestSlowReader: one that never reads is dropped, and nothing waits for it.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := ups.NewStore()
		ours, theirs := net.Pipe()
		defer theirs.Close()
		done := make(chan struct{})
		go func() {
			newPeer(ours, store, none{}, quiet).run(t.Context())
			close(done)
		}()
		synctest.Wait()
		begin := time.Now()
		for i := range 1000 {
			store.Set(snap(ups.Fresh, vars{"ups.status": {Value: fmt.Sprint(i)}}))
		}
		if time.Since(begin) != 0 {
			t.Error("Set waited")
		}
		<-done
		if got := time.Since(begin); got != writeTimeout {
			t.Errorf("dropped after %v", got)
		}
	})
}

func TestTooManyConnections(t *testing.T) {
	path := serve(t, ups.NewStore(), nil)
	for range maxConns {
		c := dial(t, path)
		c.say("PING\n")
		c.expect("PONG\n")
	}
	c := dial(t, path)
	if b, err := io.ReadAll(c.in); err != nil || len(b) != 0 {
		t.Errorf("one too many got %q, %v", b, err)
	}
}
