package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func newTestCard() *card {
	j := newJournal()
	return &card{journal: j, logger: j.logger(false)}
}

func TestSignalsAndTheButtonEndTheCard(t *testing.T) {
	tests := []struct {
		signals []os.Signal
		want    ending
	}{
		{[]os.Signal{sigPowerOff}, powerOff},
		{[]os.Signal{sigReboot}, reboot},
		{[]os.Signal{sigKeys}, reboot},
		{[]os.Signal{sigLog, syscall.SIGHUP, syscall.SIGQUIT, sigReboot}, reboot},
		{nil, powerOff}, // the button
	}
	for _, test := range tests {
		signals, button := make(chan os.Signal, 8), make(chan struct{}, 1)
		for _, s := range test.signals {
			signals <- s
		}
		if test.signals == nil {
			button <- struct{}{}
		}
		if got := newTestCard().await(signals, button); got != test.want {
			t.Errorf("%v: got %v, want %v", test.signals, got, test.want)
		}
	}
}

func TestKeepRunsAPartAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCard()
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		n := 0
		c.keep(ctx, "part", func(context.Context) error { n++; return errors.New("broken") })
		if n != 4 {
			t.Errorf("run %d times, want 4", n)
		}
		if lines := c.journal.ring.Lines(); len(lines) != 4 || !strings.Contains(lines[0].Text, "part=part err=broken") {
			t.Errorf("said %v", lines)
		}
	})
}

func TestButtonsWithoutDevices(t *testing.T) {
	watchButtons(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler), func() { t.Error("pressed") })
}

func FuzzCmdline(f *testing.F) {
	f.Add("console=ttyAMA0 upscard.rescue upscard.hostname=rack-7 upscard.x=1")
	f.Fuzz(func(t *testing.T, text string) {
		o, complaints := parseCmdline(text)
		if len(o.hostname) > 63 || strings.ContainsAny(o.hostname, " ./\n") {
			t.Errorf("host name %q", o.hostname)
		}
		if len(complaints) > strings.Count(text, optionPrefix) {
			t.Errorf("%d complaints about %q", len(complaints), text)
		}
	})
}
