package main

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/nut"
)

func TestLoopAnswers(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	host := newHost(&config.Config{}, options{}, slog.New(slog.DiscardHandler))
	server := nut.NewServer(host, nut.Limits{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, ln) }()
	ask := askAll(server, host)
	for range 3 {
		if err := ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatalf("asking costs clients: %v", err)
		}
		conn.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
