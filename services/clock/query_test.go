package clock

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// timeServer answers NTP on loopback (RFC 5905 section 7.3) until the test ends; change may spoil its answer.
func timeServer(t *testing.T, ahead time.Duration, change func(answer []byte) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 100)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if n < 48 {
				continue
			}
			now := time.Now().Add(ahead)
			a := make([]byte, 48)
			a[0], a[1], a[2], a[3] = 4<<3|4, 2, 6, 0xec // version 4, server; stratum 2; poll; precision 2^-20 s
			copy(a[12:], "TEST")
			putTime(a[16:], now.Add(-time.Minute)) // reference
			copy(a[24:32], buf[40:48])             // origin: what the client sent
			putTime(a[32:], now)
			putTime(a[40:], now)
			if a = change(a); a != nil {
				conn.WriteTo(a, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return conn.LocalAddr().String()
}

func putTime(b []byte, t time.Time) {
	const since1900 = 2208988800 // seconds to 1970
	binary.BigEndian.PutUint32(b, uint32(t.Unix()+since1900))
	binary.BigEndian.PutUint32(b[4:], uint32((uint64(t.Nanosecond())<<32)/1e9))
}

func TestQuery(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func([]byte) []byte
		want   string // a part of the error
	}{
		{"good", func(a []byte) []byte { return a }, ""},
		{"kiss of death", func(a []byte) []byte { a[1] = 0; copy(a[12:], "RATE"); return a }, "left alone: RATE"},
		{"not synchronized", func(a []byte) []byte { a[0] |= 3 << 6; return a }, "leap"},
		{"stratum 16", func(a []byte) []byte { a[1] = 16; return a }, "stratum"},
		{"answer to another question", func(a []byte) []byte { a[31]++; return a }, "match request"},
		{"too short", func(a []byte) []byte { return a[:20] }, "invalid"},
		{"vague", func(a []byte) []byte { a[9] = 20; return a }, "dispersion"},
	} {
		s, err := Query(t.Context(), timeServer(t, time.Hour, test.change))
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "127.0.0.1:") {
				t.Errorf("%s: %+v, %v", test.name, s, err)
			}
			continue
		}
		if err != nil || (s.Offset-time.Hour).Abs() > 5*time.Second || s.Error < 0 {
			t.Errorf("%s: %+v, %v", test.name, s, err)
		}
	}
	var kiss Kiss
	_, err := Query(t.Context(), timeServer(t, 0, func(a []byte) []byte { a[1] = 0; copy(a[12:], "DENY"); return a }))
	if !errors.As(err, &kiss) || kiss.Code != kissDeny {
		t.Errorf("%v", err)
	}
}

func TestQueryEndsWithItsContext(t *testing.T) {
	asked := make(chan struct{}, 1)
	silent := timeServer(t, 0, func([]byte) []byte { asked <- struct{}{}; return nil })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	begun := time.Now()
	if _, err := Query(ctx, silent); err == nil || time.Since(begun) > answerTimeout-time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

func TestQueryOfNoServer(t *testing.T) {
	for _, server := range []string{"", ":", "a b", "[::1", "host:port:1", "no-such-host.invalid"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if s, err := Query(ctx, server); err == nil {
			t.Errorf("%q: %+v", server, s)
		}
		cancel()
	}
}
