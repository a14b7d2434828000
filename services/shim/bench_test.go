package shim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/proxyproto"
	"github.com/upscard/upscard/services/tlsconf"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// bench is a Server on loopback with a server behind it that is the test's own.
type bench struct {
	t       *testing.T
	server  *Server
	addr    string
	roots   *x509.CertPool
	own     *ca.Authority
	log     logBuffer
	backend *net.UnixListener
	clients chan proxyproto.Client // whom Dial was called for
	stop    func() error           // ends Serve, and returns what it has returned
}

// start serves until the test ends. change may be nil.
func start(t *testing.T, change func(*Server)) *bench {
	t.Helper()
	b := &bench{t: t, roots: x509.NewCertPool(), clients: make(chan proxyproto.Client, 1000)}
	var err error
	b.own, err = ca.New(ca.Dates{Now: time.Now()})
	must(t, err)
	b.roots.AddCert(b.own.Cert)
	cert, err := b.own.Server(ca.NamesOf([]string{"card", "127.0.0.1"}), ca.Dates{Now: time.Now()})
	must(t, err)
	path := t.TempDir() + "/upsd"
	b.backend, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	t.Cleanup(func() { b.backend.Close() })
	config := tlsconf.Server()
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, nil }
	b.server = New(Config{
		TLS:         config,
		Certificate: func(netip.Addr) error { return nil },
		Dial: func(ctx context.Context, c proxyproto.Client) (Stream, error) {
			b.clients <- c
			conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
			if err != nil {
				return nil, err
			}
			return conn.(*net.UnixConn), nil
		},
		Logger: slog.New(slog.NewTextHandler(&b.log, nil)),
	})
	if change != nil {
		change(b.server)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	b.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(ctx, ln) }()
	b.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			return errors.New("does not end")
		}
	})
	t.Cleanup(func() { must(t, b.stop()) })
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dial connects in the clear.
func (b *bench) dial() *net.TCPConn {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	must(b.t, err)
	b.t.Cleanup(func() { conn.Close() })
	must(b.t, conn.SetDeadline(time.Now().Add(patience)))
	return conn.(*net.TCPConn)
}

// secure does the handshake on a connection, behind STARTTLS if that is wanted.
func (b *bench) secure(conn net.Conn, startTLS bool, config *tls.Config) (*tls.Conn, error) {
	b.t.Helper()
	if startTLS {
		say(b.t, conn, "STARTTLS\n")
		hear(b.t, conn, granted)
	}
	config = config.Clone()
	config.RootCAs, config.ServerName = b.roots, "card"
	over := tls.Client(conn, config)
	return over, over.Handshake()
}

// session is a client over TLS, and the other end of the relay for it.
func (b *bench) session() (client *tls.Conn, below *net.TCPConn, backend *net.UnixConn) {
	b.t.Helper()
	below = b.dial()
	client, err := b.secure(below, false, new(tls.Config))
	must(b.t, err)
	return client, below, b.accept()
}

// accept is the server's end of the next session.
func (b *bench) accept() *net.UnixConn {
	b.t.Helper()
	must(b.t, b.backend.SetDeadline(time.Now().Add(patience)))
	conn, err := b.backend.AcceptUnix()
	must(b.t, err)
	b.t.Cleanup(func() { conn.Close() })
	must(b.t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

func say(t testing.TB, to io.Writer, text string) {
	t.Helper()
	_, err := io.WriteString(to, text)
	must(t, err)
}

func hear(t testing.TB, from io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(from, got)
	if string(got[:n]) != want {
		t.Fatalf("heard %q, %v, want %q", got[:n], err, want)
	}
}

// hearEnd waits for the end of what a peer says: the orderly one.
func hearEnd(t testing.TB, from io.Reader) {
	t.Helper()
	if n, err := from.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("heard %d bytes, %v, want the end", n, err)
	}
}

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// once waits until the log has a line with the text, and asserts that it has one only.
func (b *bench) once(text string) {
	b.t.Helper()
	b.until("a line of the log: "+text, func() bool { return strings.Contains(b.log.String(), text) })
	if n := strings.Count(b.log.String(), text); n != 1 {
		b.t.Errorf("%d lines of the log have %q:\n%s", n, text, &b.log)
	}
}

func (b *bench) until(what string, is func() bool) {
	b.t.Helper()
	for begun := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > patience {
			b.t.Fatalf("never: %s; the log is\n%s", what, &b.log)
		}
	}
}
