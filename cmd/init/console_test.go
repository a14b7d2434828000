package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/supervise"
)

func TestJournalPrintsOnceAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		j.clock = func() time.Duration { return 2345 * time.Millisecond }
		var console bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		go j.print(ctx, &console, &j.again)
		j.line("upsd", "listening")
		j.logger(false).Warn("odd", "thing", 1)
		j.logger(false).Debug("not said")
		synctest.Wait()
		const want = "[    2.345] upsd: listening\n[    2.345] init: level=WARN msg=odd thing=1\n"
		if got := console.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		console.Reset()
		j.repeat()
		synctest.Wait()
		const mark = "[    2.345] init: the log is printed again, up to here\n"
		if got := console.String(); got != mark+want+mark {
			t.Errorf("got %q", got)
		}
		cancel()
		synctest.Wait()
	})
}

func TestSlowConsoleHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		r, w := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			j.print(ctx, w, nil)
			w.Close()
		}()
		for range 5000 {
			j.line("p", strings.Repeat("x", 100)) // nobody reads
		}
		first := make(chan string)
		go func() {
			text, _ := io.ReadAll(r)
			first <- string(text)
		}()
		synctest.Wait()
		cancel()
		if text := <-first; !strings.Contains(text, "lines left out") {
			t.Errorf("not said that lines are left out: %.300q", text)
		}
	})
}

func TestButton(t *testing.T) {
	var events bytes.Buffer
	for _, e := range []struct {
		kind, code uint16
		value      int32
	}{{evKey, keyPower, 0}, {evKey, 30, 1}, {0, 0, 0}, {evKey, keyPower, 1}, {evKey, keyPower, 2}, {evKey, keyPower, 1}} {
		events.Write(make([]byte, 16))
		for _, v := range []any{e.kind, e.code, e.value} {
			if err := binary.Write(&events, binary.NativeEndian, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 0
	if err := readButton(&events, func() { n++ }); err != io.EOF || n != 2 {
		t.Errorf("%d presses, %v; want 2, EOF", n, err)
	}
}

func TestConsoleName(t *testing.T) {
	sysfs := t.TempDir()
	if got := consoleName(sysfs); got != "console" {
		t.Errorf("got %q without sysfs", got)
	}
	path := filepath.Join(sysfs, "class/tty/console/active")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("tty0 ttyAMA0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := consoleName(sysfs); got != "ttyAMA0" {
		t.Errorf("got %q, want the last one", got)
	}
}

func TestIsReady(t *testing.T) {
	all := []supervise.Status{{Name: "netd", State: supervise.Ready}, {Name: "upsd", State: supervise.Starting}}
	if !isReady(all, "netd") || isReady(all, "netd", "upsd") || isReady(all, "webd") {
		t.Error("isReady is wrong")
	}
}

func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if !bounded(time.Second, func() {}) {
			t.Error("what comes back at once is too late")
		}
		if bounded(time.Second, func() { time.Sleep(time.Minute) }) {
			t.Error("what takes a minute comes back in a second")
		}
		time.Sleep(time.Hour)
	})
}
