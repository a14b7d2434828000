package main

import (
	"log/slog"
	"net"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/listen"
)

func listenTCP(t *testing.T) *listen.Askable {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return listen.NewAskable(ln)
}

func TestAcceptLoopAnswers(t *testing.T) {
	ln := listenTCP(t)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	ask := askAll(func() []*listen.Askable { return []*listen.Askable{ln} }, newHost(&config.Config{}, options{}, slog.New(slog.DiscardHandler)))
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
}
