package proxyproto

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const patience = 30 * time.Second

// relay listens, and returns what connects to it.
func relay(t *testing.T) (*Listener, *bytes.Buffer, func(begin string) *net.UnixConn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l := Listen(ln, slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { l.Close() })
	return l, &log, func(begin string) *net.UnixConn {
		t.Helper()
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, begin); err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

// TestListener: a connection has its client's address, and the bytes behind the header. One that does not begin with a header is dropped, and
// one that has not told yet holds up nobody.
func TestListener(t *testing.T) {
	l, log, dial := relay(t)
	cert := certificate(t, "pc")
	header, err := Client{at("192.0.2.1:5"), at("192.0.2.2:401"), "TLSv1.3", cert}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	silent := dial(string(header[:20]))
	for range 3 {
		junk := dial("VER\nVER\nVER\nVER\nVER\n")
		if n, err := junk.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("junk is taken")
		}
	}
	theirs := dial(string(header) + "VER\n")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ours := conn.(*Conn)
	over, shown := ours.Secured()
	if got := ours.RemoteAddr().String(); got != "192.0.2.1:5" || !over || !shown.Equal(cert) {
		t.Errorf("from %s, over TLS %t", got, over)
	}
	if _, again := ours.Secured(); again != nil {
		t.Error("the certificate is kept")
	}
	buf := make([]byte, 10)
	if n, err := ours.Read(buf); string(buf[:n]) != "VER\n" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	theirs.CloseWrite()
	if _, err := ours.Read(buf); err != io.EOF {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := silent.Read(buf); err == nil {
		t.Error("the silent one is still there")
	}
	if n := strings.Count(log.String(), "relay dropped"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
}

// TestNobodyAccepts: who has told of its client and is not taken is dropped when the listener closes.
func TestNobodyAccepts(t *testing.T) {
	l, _, dial := relay(t)
	header, err := Client{From: at("192.0.2.1:5"), To: at("192.0.2.2:401")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	waiting := dial(string(header))
	begun := time.Now()
	l.Close()
	if _, err := waiting.Read(make([]byte, 1)); err == nil || time.Since(begun) >= greetTimeout {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
