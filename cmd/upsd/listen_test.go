package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/nut"
)

// needIPv6 skips the test on a machine without IPv6.
func needIPv6(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6: ", err)
	}
	ln.Close()
}

// TestAddressTaken: what cannot be bound is told of once, and served as soon as it can be; meanwhile the rest is.
func TestAddressTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	u := start(t, "", "-listen", addr)
	u.log.find(t, `(trying again)`)
	u.ask("VER")
	taken.Close()
	u.log.find(t, "msg=listening addr=("+regexp.QuoteMeta(addr)+")")
	u.addr = addr
	u.ask("VER")
	if n := strings.Count(u.log.String(), "trying again"); n != 1 {
		t.Errorf("told %d times:\n%s", n, u.log)
	}
}

// TestNothingBound: upsd goes on, is not ready, keeps what it needs to make sockets, and ends when asked to.
func TestNothingBound(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithCancel(t.Context())
	log := newLogBuffer()
	e := newEntrance(nil, new(nut.Registry), slog.New(slog.NewTextHandler(log, nil)), func(string) error { return errors.New("tightened") })
	done := make(chan error, 1)
	go func() { done <- e.serve(ctx, []string{taken.Addr().String()}) }()
	log.find(t, `(trying again.*in use)`)
	select {
	case <-e.opened:
		t.Error("open with nothing bound")
	default:
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestExamples: what the documents tell users to write is accepted and can be served.
func TestExamples(t *testing.T) {
	needIPv6(t)
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(read(t, "../../README.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no example")
	}
	var readme strings.Builder
	for _, b := range blocks {
		readme.WriteString(b[1])
	}
	sample := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(read(t, "../../board/rpi/files/upscard.toml"), "$1")
	for name, text := range map[string]string{"README.md": readme.String(), "upscard.toml": sample} {
		cfg, err := config.Parse(name, []byte(text))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(cfg.Listen) < 2 || len(cfg.UPS) == 0 || len(cfg.Users) == 0 {
			t.Errorf("%s is no example any more: %+v", name, cfg)
		}
		serveTogether(t, name, cfg.Listen)
	}
}

// serveTogether binds all the addresses at once, which name one port, at another port that is free.
func serveTogether(t *testing.T, name string, addrs []string) {
	t.Helper()
	port := "0"
	for _, addr := range addrs {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		ln, err := listen.TCP(t.Context(), net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		defer ln.Close()
		_, port, _ = net.SplitHostPort(ln.Addr().String())
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
