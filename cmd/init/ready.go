package main

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/supervise"
)

// settle is how long addresses that change are left to change further before they are told.
const settle = 500 * time.Millisecond

// announce says when the card can be talked to, which is what its owner waits for, then where, and again where when that changes.
func (c *card) announce(ctx context.Context) {
	told, addressesChanged := "", make(chan struct{}, 1)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		c.keep(watching, "addresses", func(ctx context.Context) error {
			return watchAddresses(ctx, func() {
				select {
				case addressesChanged <- struct{}{}:
				default:
				}
			})
		})
	}()
	defer func() { stop(); <-watched }()
	for ctx.Err() == nil {
		changed := c.supervisor.Changed()
		told = c.tell(told)
		select {
		case <-changed:
		case <-addressesChanged:
			if told != "" {
				sleep(ctx, settle)
			}
		case <-ctx.Done():
		}
	}
}

// tell writes where the card stands if it can be reached and that is not what was told already, which it returns.
func (c *card) tell(told string) string {
	reached, err := addresses()
	if err != nil {
		c.logger.Warn("addresses cannot be listed", "err", err)
	}
	if len(reached) == 0 || told == "" && !isReady(c.supervisor.Status(), "netd", "upsd") {
		return told
	}
	name, _ := os.Hostname()
	now := strings.Join(standing(name, reached), "\n")
	if now == told {
		return told
	}
	c.journal.line("upscard", readyLine(reached[0].address.Addr(), c.settings.Port))
	for line := range strings.SplitSeq(now, "\n") {
		c.journal.line("upscard", line)
	}
	for _, line := range c.settingsLines() {
		c.journal.line("upscard", line)
	}
	return now
}

func readyLine(host netip.Addr, port uint16) string {
	return "ready: upsd on " + netip.AddrPortFrom(host, port).String()
}

// standing is the card's name and addresses, a line for each interface.
func standing(name string, reached []reach) []string {
	lines := []string{"host " + name}
	last := ""
	for _, r := range reached {
		if r.name != last {
			lines = append(lines, r.name)
		}
		last = r.name
		lines[len(lines)-1] += " " + r.address.String()
	}
	return lines
}

// settingsLines tell what is wrong with the owner's file, and what is in force instead; nothing where nothing is wrong.
func (c *card) settingsLines() []string {
	if len(c.settings.Wrong) == 0 {
		return nil
	}
	inForce := map[handover.Source]string{handover.LastGood: "the last good one is", handover.Defaults: "the defaults are"}[c.settings.Source]
	return append([]string{"configuration: " + inForce + " in force, because the file is wrong:"}, c.settings.Wrong...)
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
