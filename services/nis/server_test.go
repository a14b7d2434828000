package nis

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// serveOne answers one client over a pipe.
func serveOne(t *testing.T, from Source) (client net.Conn, ended chan struct{}) {
	t.Helper()
	client, conn := net.Pipe()
	ended = make(chan struct{})
	s := &Server{From: from, Door: new(Door), Logger: slog.New(slog.DiscardHandler)}
	go func() { s.serve(t.Context(), conn); close(ended) }()
	t.Cleanup(func() { client.Close(); <-ended })
	return client, ended
}

func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sends []string // one each 10 s
		after time.Duration
	}{
		{"nothing comes", nil, idleTimeout},
		{"a request does not end", []string{"\x00"}, 10*time.Second + requestTimeout},
		{"a request drips", []string{"\x00", "\x06", "s"}, 10*time.Second + requestTimeout},
		{"requests, then nothing", []string{"\x00\x06events", "\x00\x06events"}, 20*time.Second + idleTimeout},
		{"a request, then half of one", []string{"\x00\x06events\x00", "\x06"}, 10*time.Second + requestTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, ended := serveOne(t, fixed{})
				start := time.Now()
				go io.Copy(io.Discard, client)
				var sending sync.WaitGroup
				defer sending.Wait()
				sending.Go(func() {
					for _, text := range tt.sends {
						time.Sleep(10 * time.Second)
						if _, err := client.Write([]byte(text)); err != nil {
							return
						}
					}
				})
				<-ended
				if took := time.Since(start); took != tt.after {
					t.Errorf("the connection lasted %v, want %v", took, tt.after)
				}
			})
		})
	}
}

// A client that does not read is given up.
func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, ended := serveOne(t, fixed{})
		start := time.Now()
		if _, err := client.Write(request("status")); err != nil {
			t.Fatal(err)
		}
		<-ended
		if took := time.Since(start); took != writeTimeout {
			t.Errorf("the connection lasted %v", took)
		}
	})
}

func TestDoor(t *testing.T) {
	var d Door
	host := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, n}) }
	for n := range maxPerHost {
		if !d.enter(host(0)) {
			t.Fatalf("only %d of one host", n)
		}
	}
	if d.enter(host(0)) {
		t.Error("too many of one host")
	}
	n := maxPerHost
	for h := byte(1); h < 255 && d.enter(host(h)); h++ {
		n++
		for n < MaxConns && d.hosts[host(h)] < maxPerHost && d.enter(host(h)) {
			n++
		}
	}
	if n != MaxConns || d.total != MaxConns {
		t.Errorf("%d connections, %d counted", n, d.total)
	}
	d.leave(host(0))
	if !d.enter(host(200)) {
		t.Error("no room after one has left")
	}
	for h, n := range d.hosts {
		for range n {
			d.leave(h)
		}
	}
	if d.total != 0 || len(d.hosts) != 0 {
		t.Errorf("after all have left %d remain, of %d hosts", d.total, len(d.hosts))
	}
}

// Over TCP, of both families: a refused client finds its connection closed, the others are answered, and Serve ends them all.
func TestServe(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6"} {
		ln, err := net.Listen(network, "localhost:0")
		if err != nil && network == "tcp6" {
			if ln, err = net.Listen(network, "[::1]:0"); err != nil {
				t.Log("this machine has no IPv6: ", err)
				continue
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s := &Server{From: source{view()}, Door: new(Door), Logger: slog.New(slog.DiscardHandler)}
		var running sync.WaitGroup
		running.Go(func() {
			if err := s.Serve(ctx, ln); err != nil {
				t.Error(err)
			}
		})
		var conns []net.Conn
		for range maxPerHost {
			conn, err := net.Dial(network, ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			conn.SetDeadline(time.Now().Add(30 * time.Second))
			conns = append(conns, conn)
			if _, err := conn.Write(request("status")); err != nil {
				t.Fatal(err)
			}
			want := len(appendAnswer(nil, []byte("status"), s.From))
			got := make([]byte, want)
			if _, err := io.ReadFull(conn, got); err != nil || !strings.Contains(string(got), "STATUS   : ONLINE") {
				t.Fatalf("%v: %q", err, got)
			}
		}
		more, err := net.Dial(network, ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		more.SetDeadline(time.Now().Add(30 * time.Second))
		if _, err := more.Read(make([]byte, 1)); err == nil {
			t.Error("one too many is answered")
		}
		more.Close()
		cancel()
		running.Wait()
		for _, conn := range conns {
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				t.Error("a connection outlives the server")
			}
			conn.Close()
		}
	}
}
