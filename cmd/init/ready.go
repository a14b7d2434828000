package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/upscard/upscard/services/supervise"
)

// announce says once that the card can be talked to, which is what its owner waits for.
func (c *card) announce(ctx context.Context) {
	for {
		changed := c.supervisor.Changed()
		if host := address(); host != "" && isReady(c.supervisor.Status(), "netd", "upsd") {
			c.journal.line("upscard", readyLine(host, c.settings.Port))
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func readyLine(host string, port uint16) string {
	return fmt.Sprintf("ready: upsd on %s:%d", host, port)
}

// isReady tells whether all the named programs are ready.
func isReady(all []supervise.Status, names ...string) bool {
	for _, name := range names {
		ready := func(st supervise.Status) bool { return st.Name == name && st.State == supervise.Ready }
		if !slices.ContainsFunc(all, ready) {
			return false
		}
	}
	return true
}
