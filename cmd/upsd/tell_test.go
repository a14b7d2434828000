package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/ups"
)

// teller is a UPS in virtual time that is told to a buffer.
type teller struct {
	t     *testing.T
	store *ups.Store
	log   *logBuffer
	read  int // of the log, in bytes
}

func newTeller(t *testing.T) *teller {
	tt := &teller{t: t, store: ups.NewStore(), log: newLogBuffer()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tell(ctx, "rack", tt.store, program.Logger(tt.log))
	}()
	t.Cleanup(func() { cancel(); <-done })
	return tt
}

func (tt *teller) set(status string) {
	tt.store.Set(ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: status}}, nil, ups.Fresh, time.Now()))
}

// said fails unless these lines, and no others, were said since the last time.
func (tt *teller) said(want ...string) {
	tt.t.Helper()
	text := ""
	for _, w := range want {
		text += "level=" + w + "\n"
	}
	if got := strings.ReplaceAll(tt.more(), "msg=state ups=rack ", ""); got != text {
		tt.t.Errorf("said %q, want %q", got, text)
	}
}

// more is what was said since the last time.
func (tt *teller) more() string {
	synctest.Wait()
	all := tt.log.String()
	text := all[tt.read:]
	tt.read = len(all)
	return text
}

func TestStateIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTeller(t)
		tt.said() // its driver may be about to start
		time.Sleep(patienceForDrivers)
		tt.said("WARN status=absent")
		time.Sleep(time.Minute)
		tt.set("OL CHRG")
		tt.said(`INFO status="OL CHRG"`)
		time.Sleep(time.Minute)
		tt.set("OL CHRG") // another value has changed
		tt.said()
		tt.set("OB DISCHRG")
		tt.said(`INFO status="OB DISCHRG"`)
		time.Sleep(time.Minute)
		tt.store.Set(tt.store.Get().With(ups.Stale))
		tt.said("WARN status=stale")
		time.Sleep(time.Minute)
		tt.store.Set(tt.store.Get().With(ups.Absent)) // to clients it is no more absent than that
		tt.said()
		tt.set(strings.Repeat("X", 500))
		tt.said("INFO status=" + strings.Repeat("X", maxStatus))
	})
}

func TestDriverThatIsThereIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTeller(t)
		tt.set("OL")
		tt.said("INFO status=OL")
	})
}

// A status that flickers day and night fills no log, and what it ends with is told.
func TestFlicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := newTeller(t)
		for i := range 24 * 60 * 60 {
			tt.set(fmt.Sprint("OL ", i%2))
			time.Sleep(time.Second)
		}
		if n := strings.Count(tt.more(), "\n"); n > 24*60*2+burst+10 {
			t.Errorf("%d lines in a day", n)
		}
		tt.set("OB")
		time.Sleep(longestRest)
		if said := tt.more(); !strings.HasSuffix(said, "status=OB\n") {
			t.Errorf("its last state is not told: %q", said)
		}
		time.Sleep(5 * time.Minute)
		tt.set("OL")
		tt.said("INFO status=OL")
		tt.set("OB") // what follows soon is told at once again
		tt.said("INFO status=OB")
	})
}

// Every UPS is told, once: those of the configuration and those whose drivers appear.
func TestEveryUPSIsTold(t *testing.T) {
	u := start(t, "[ups.rack]\n")
	u.driver("usbhid-ups", "rack", storeOf("OL"))
	u.driver("usbhid-ups", "attic", storeOf("OB"))
	u.log.find(t, `level=INFO msg=state ups=(rack) status=OL`)
	u.log.find(t, `level=INFO msg=state ups=(attic) status=OB`)
	if n := strings.Count(u.log.String(), "msg=state"); n != 2 {
		t.Errorf("told %d times:\n%s", n, u.log)
	}
}
