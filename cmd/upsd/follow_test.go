package main

import (
	"log/slog"
	"testing"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut"
)

// TestSocketAgain: a socket that is made again wakes its follower, however often, instead of leaving it to its next try.
func TestSocketAgain(t *testing.T) {
	f := fleet{registry: new(nut.Registry), logger: slog.New(slog.DiscardHandler), drivers: make(map[*nut.UPS]*driver), attended: make(map[*nut.UPS]bool)}
	socket := driversock.Socket{Driver: "usbhid-ups", UPS: "ups", Path: "/run/nut/usbhid-ups-ups"}
	d := &driver{path: socket.Path, wake: make(chan struct{}, 1), stop: func() { t.Error("stopped") }}
	u := f.registry.Add("ups", "")
	f.drivers[u], f.attended[u] = d, true
	for range 3 {
		f.appeared(t.Context(), socket)
	}
	select {
	case <-d.wake:
	default:
		t.Error("not woken")
	}
	if len(f.drivers) != 1 || f.drivers[f.registry.Find("ups")] != d {
		t.Errorf("%d followers", len(f.drivers))
	}
}
