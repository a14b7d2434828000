package shim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/proxyproto"
)

// TestBothWays: whichever way a client begins, bytes go through as they are, and the server is told where the client is.
func TestBothWays(t *testing.T) {
	b := start(t, nil)
	for _, startTLS := range []bool{true, false} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			conn := b.dial()
			client, err := b.secure(conn, startTLS, &tls.Config{MinVersion: version, MaxVersion: version})
			must(t, err)
			backend := b.accept()
			say(t, client, "VER\nPROTVER\nATTACH ups\nGET NUMATTACH ups\n\x00\xff")
			hear(t, backend, "VER\nPROTVER\nATTACH ups\nGET NUMATTACH ups\n\x00\xff")
			say(t, backend, "one line\n")
			hear(t, client, "one line\n")
			from, to := conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort()
			want := proxyproto.Client{From: from, To: to, TLS: map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[version]}
			if got := <-b.clients; got != want {
				t.Errorf("told of %+v, want %+v", got, want)
			}
		}
	}
	if log := b.log.String(); log != "" {
		t.Error(log)
	}
}

// TestOneRecord: an answer is one record of TLS, as large as records are: UPSmon.py reads one.
func TestOneRecord(t *testing.T) {
	b := start(t, nil)
	client, _, backend := b.session()
	answer := strings.Repeat("x", 8000)
	for range 3 {
		say(t, backend, answer)
		buf := make([]byte, bufferSize)
		if n, err := client.Read(buf); n != len(answer) || err != nil {
			t.Fatalf("%d bytes of %d, %v", n, len(answer), err)
		}
	}
}

// TestMuch: more than all buffers hold goes through in both directions at once.
func TestMuch(t *testing.T) {
	b := start(t, nil)
	client, _, backend := b.session()
	const size = 4 << 20
	text := strings.Repeat("0123456789abcdef", size/16)
	sent := make(chan error, 2)
	go func() { _, err := io.WriteString(client, text); sent <- err }()
	go func() { _, err := io.WriteString(backend, text); sent <- err }()
	heard := make(chan string, 2)
	for _, from := range []io.Reader{client, backend} {
		go func() {
			all := make([]byte, size)
			n, _ := io.ReadFull(from, all)
			heard <- string(all[:n])
		}()
	}
	for range 2 {
		must(t, <-sent)
		if got := <-heard; got != text {
			t.Errorf("%d bytes have come, of %d", len(got), size)
		}
	}
}

// crumbs writes byte by byte.
type crumbs struct{ net.Conn }

func (c crumbs) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// TestCrumbs: records of TLS that come in pieces, or several at once, are put together.
func TestCrumbs(t *testing.T) {
	b := start(t, nil)
	conn := b.dial()
	must(t, conn.SetNoDelay(true))
	client, err := b.secure(crumbs{conn}, true, new(tls.Config))
	must(t, err)
	backend := b.accept()
	for range 20 {
		say(t, client, "GET VAR ups ups.status\n")
		hear(t, backend, "GET VAR ups ups.status\n")
	}
	below := &holding{Conn: b.dial()}
	client, err = b.secure(below, false, new(tls.Config))
	must(t, err)
	backend = b.accept()
	below.hold = true
	for range 50 {
		say(t, client, "VER\n")
	}
	say(t, below.Conn, below.kept.String())
	hear(t, backend, strings.Repeat("VER\n", 50))
}

// holding keeps back what is written while it is told to.
type holding struct {
	net.Conn
	hold bool
	kept bytes.Buffer
}

func (h *holding) Write(b []byte) (int, error) {
	if h.hold {
		return h.kept.Write(b)
	}
	return h.Conn.Write(b)
}

// TestInjection: plain text behind STARTTLS ends the connection, and reaches nobody.
func TestInjection(t *testing.T) {
	b := start(t, nil)
	for range 3 {
		conn := b.dial()
		say(t, conn, "STARTTLS\nUSERNAME evil\n")
		if all, _ := io.ReadAll(conn); len(all) > 0 {
			t.Errorf("it is answered %q", all)
		}
	}
	b.once("plain text behind STARTTLS")
	conn := b.dial()
	say(t, conn, "STARTTLS\n")
	hear(t, conn, granted)
	say(t, conn, "USERNAME evil\n") // in the place of a handshake
	if all, _ := io.ReadAll(conn); strings.Contains(string(all), "OK") || strings.Contains(string(all), "ERR") {
		t.Errorf("it is answered %q", all)
	}
	if len(b.clients) > 0 {
		t.Error("it has reached the server")
	}
}

// TestForeign: who begins otherwise is told so, whatever else he has sent, and goes. The log has it once.
func TestForeign(t *testing.T) {
	b := start(t, nil)
	for _, text := range []string{"VER\n", "USERNAME mon\nPASSWORD secret\nLIST UPS\n", "GET / HTTP/1.1\r\nHost: card\r\n\r\n", strings.Repeat("x", 100_000)} {
		conn := b.dial()
		go io.WriteString(conn, text) // may fail: it is not read to its end
		hear(t, conn, refusal)
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%.20q: there is more", text)
		}
		conn.Close()
	}
	b.once("neither TLS nor STARTTLS")
	if strings.Contains(b.log.String(), "secret") {
		t.Errorf("the log has what was sent:\n%s", &b.log)
	}
	if len(b.clients) > 0 {
		t.Error("one has reached the server")
	}
}

// TestScans: who only looks whether somebody listens is no news.
func TestScans(t *testing.T) {
	b := start(t, nil)
	for range 3 {
		b.dial().Close()
	}
	b.until("all have gone", func() bool { return b.server.guests.Len() == 0 })
	if log := b.log.String(); log != "" {
		t.Error(log)
	}
}

// TestSlow: who does not finish the begin in time goes, wherever he has stopped, and holds up nobody meanwhile.
func TestSlow(t *testing.T) {
	b := start(t, func(s *Server) { s.times.begin = 200 * time.Millisecond })
	for _, text := range []string{"", "STARTT", "STARTTLS\n", "\x16\x03\x01\x02\x00"} {
		conn := b.dial()
		begun := time.Now()
		say(t, conn, text)
		_, _ = io.Copy(io.Discard, conn)
		if took := time.Since(begun); took < 150*time.Millisecond {
			t.Errorf("%q: gone after %v", text, took)
		}
	}
	b.until("all have gone", func() bool { return b.server.guests.Len() == 0 && b.server.turns.Len() == 0 })
	b.once("TLS not begun")
}

// TestSlowHoldUpNobody: with as many who do not finish as one address may have, others are served.
func TestSlowHoldUpNobody(t *testing.T) {
	b := start(t, nil)
	for range 50 {
		say(t, b.dial(), "STARTTLS\n")
		say(t, b.dial(), "\x16")
	}
	client, _, backend := b.session()
	say(t, client, "VER\n")
	hear(t, backend, "VER\n")
}

// TestClientEnds: a client that ends its direction, in TLS's way or TCP's, still hears the answers to what it has asked.
func TestClientEnds(t *testing.T) {
	b := start(t, nil)
	for name, end := range map[string]func(*tls.Conn, *net.TCPConn) error{
		"close_notify": func(c *tls.Conn, _ *net.TCPConn) error { return c.CloseWrite() },
		"FIN":          func(_ *tls.Conn, c *net.TCPConn) error { return c.CloseWrite() },
	} {
		client, below, backend := b.session()
		say(t, client, "LIST VAR ups\n")
		must(t, end(client, below))
		hear(t, backend, "LIST VAR ups\n")
		hearEnd(t, backend)
		say(t, backend, "BEGIN LIST VAR ups\n")
		backend.Close()
		hear(t, client, "BEGIN LIST VAR ups\n")
		if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: %d bytes, %v, want the server's close_notify", name, n, err)
		}
	}
	b.until("all have gone", func() bool { return b.server.guests.Len() == 0 })
}

// TestServerEnds: what the server says last arrives, then the end in TLS's way; what the client says still goes through if the server reads it.
func TestServerEnds(t *testing.T) {
	b := start(t, nil)
	client, _, backend := b.session()
	say(t, backend, "OK Goodbye\n")
	must(t, backend.CloseWrite())
	hear(t, client, "OK Goodbye\n")
	hearEnd(t, client)
	say(t, client, "and more\n")
	hear(t, backend, "and more\n")
	client.Close()
	hearEnd(t, backend)
	b.until("it has gone", func() bool { return b.server.guests.Len() == 0 })
}

// TestLinger: a direction does not go on for ever once the other has ended.
func TestLinger(t *testing.T) {
	b := start(t, func(s *Server) { s.times.linger = 50 * time.Millisecond })
	client, _, backend := b.session()
	must(t, client.CloseWrite())
	hearEnd(t, backend) // and says nothing
	hearEnd(t, client)
	_, _, backend = b.session()
	must(t, backend.CloseWrite()) // and the client says nothing
	hearEnd(t, backend)
	b.until("both have gone", func() bool { return b.server.guests.Len() == 0 })
}

// TestReset: a client that breaks off takes its session with it.
func TestReset(t *testing.T) {
	b := start(t, nil)
	_, below, backend := b.session()
	must(t, below.SetLinger(0))
	below.Close()
	if n, err := backend.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	b.until("it has gone", func() bool { return b.server.guests.Len() == 0 })
}

// TestDeaf: who does not read is dropped after a while, which the log has, whether it is the client or the server. Others are served all the while.
func TestDeaf(t *testing.T) {
	b := start(t, func(s *Server) { s.times.write = 300 * time.Millisecond })
	for _, deaf := range []string{"client", "server", "both"} {
		client, _, backend := b.session()
		ended := make(chan error, 2)
		flood := func(to io.Writer) {
			for {
				if _, err := to.Write(make([]byte, bufferSize)); err != nil {
					ended <- err
					return
				}
			}
		}
		if deaf != "server" {
			go flood(backend)
		}
		if deaf != "client" {
			go flood(client)
		}
		other, _, behind := b.session()
		for range 10 {
			say(t, other, "VER\n")
			hear(t, behind, "VER\n")
		}
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("deaf %s: never dropped", deaf)
		}
		other.Close()
		behind.Close()
		b.until("all have gone", func() bool { return b.server.guests.Len() == 0 })
	}
	b.once("they do not read")
	if held := b.server.unsent.Load(); held != 0 {
		t.Errorf("%d bytes are said to wait", held)
	}
}

// TestManyDeaf: what waits for those who do not read is bounded; beyond it they are dropped at once.
func TestManyDeaf(t *testing.T) {
	b := start(t, nil)
	client, _, backend := b.session()
	b.server.unsent.Store(maxUnsent)
	go io.Copy(backend, zeros{})
	b.once("they do not read")
	_, _ = io.Copy(io.Discard, client)
	b.server.unsent.Add(-maxUnsent)
	if held := b.server.unsent.Load(); held != 0 {
		t.Errorf("%d bytes are said to wait", held)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestLimits: beyond as many as may come, and as may come from one address, clients are sent away, once in the log; and there is room again once one has gone.
func TestLimits(t *testing.T) {
	b := start(t, func(s *Server) { *s = *New(Config{Limits{Conns: 2}, s.TLS, s.Certificate, s.Dial, s.Logger}) })
	client, _, backend := b.session()
	b.session()
	for range 3 {
		conn := b.dial()
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("one more was let in")
		}
	}
	b.once("connections refused: too many\"")
	client.Close()
	backend.Close()
	b.until("there is room", func() bool {
		conn := b.dial()
		defer conn.Close()
		_, err := b.secure(conn, false, new(tls.Config))
		return err == nil
	})
}

// TestCertificates: the server is told of a certificate that was verified, one that was not ends the handshake, and a session that is resumed has it too.
func TestCertificates(t *testing.T) {
	b := start(t, nil)
	b.server.TLS.ClientAuth = tls.VerifyClientCertIfGiven
	b.server.TLS.ClientCAs = b.roots
	known, err := b.own.Client("pc", ca.Dates{Now: time.Now()})
	must(t, err)
	stranger, err := ca.New(ca.Dates{Now: time.Now()})
	must(t, err)
	unknown, err := stranger.Client("pc", ca.Dates{Now: time.Now()})
	must(t, err)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		show := func(certs ...tls.Certificate) *tls.Config {
			return &tls.Config{Certificates: certs, MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		}
		told := func(config *tls.Config) (cert *x509.Certificate, resumed bool) {
			client, err := b.secure(b.dial(), false, config)
			must(t, err)
			defer client.Close()
			backend := b.accept()
			say(t, backend, "OK\n")
			hear(t, client, "OK\n") // with the ticket before it
			return (<-b.clients).Cert, client.ConnectionState().DidResume
		}
		if cert, _ := told(show()); cert != nil {
			t.Errorf("%x: none was shown, and %v is told of", version, cert.Subject)
		}
		config := show(*known)
		for _, want := range []bool{false, true} {
			if cert, resumed := told(config); cert == nil || !cert.Equal(known.Leaf) || resumed != want {
				t.Errorf("%x: told of %v, resumed %t", version, cert, resumed)
			}
		}
		client, err := b.secure(b.dial(), false, &tls.Config{MinVersion: version, MaxVersion: version,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return unknown, nil }})
		if err == nil { // TLS 1.3 says so later
			_, err = client.Read(make([]byte, 1))
		}
		if err == nil || err == io.EOF {
			t.Errorf("%x: a stranger's was taken", version)
		}
	}
	if len(b.clients) > 0 {
		t.Error("a stranger has reached the server")
	}
}

// TestUnserved: without a certificate, or a server, clients are sent away in order, which the log has once.
func TestUnserved(t *testing.T) {
	b := start(t, func(s *Server) { s.Certificate = func(netip.Addr) error { return errors.New("upsd sleeps") } })
	for range 2 {
		conn := b.dial()
		say(t, conn, "STARTTLS\n")
		if all, err := io.ReadAll(conn); len(all) > 0 || err != nil {
			t.Errorf("%q, %v", all, err)
		}
	}
	b.once("upsd sleeps")
	b = start(t, func(s *Server) {
		s.Dial = func(context.Context, proxyproto.Client) (Stream, error) { return nil, errors.New("upsd is gone") }
	})
	for range 2 {
		client, err := b.secure(b.dial(), true, new(tls.Config))
		must(t, err)
		hearEnd(t, client)
	}
	b.once("upsd is gone")
}

// TestStop: whoever is there when all ends is told so in TLS's way, idle or not, and nothing is left: no goroutine, no descriptor.
func TestStop(t *testing.T) {
	routines, files := runtime.NumGoroutine(), descriptors(t)
	b := start(t, nil)
	var clients []*tls.Conn
	for range 20 {
		client, _, backend := b.session()
		say(t, client, "VER\n")
		hear(t, backend, "VER\n")
		clients = append(clients, client)
	}
	half := b.dial()
	say(t, half, "STARTTLS\n")
	hear(t, half, granted)
	begun := time.Now()
	must(t, b.stop())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	for _, c := range clients {
		hearEnd(t, c)
		c.Close()
	}
	if _, err := half.Read(make([]byte, 1)); err == nil {
		t.Error("one that had begun is still served")
	}
	half.Close()
	b.backend.Close()
	b.until("all goroutines have ended", func() bool { return runtime.NumGoroutine() <= routines })
	b.until("only the server's ends, which are the test's, are open", func() bool { return descriptors(t) <= files+20 })
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(open)
}
