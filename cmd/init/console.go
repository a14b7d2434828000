package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/logring"
)

// journal takes the lines of all programs, and of init itself through its slog.Handler.
type journal struct {
	ring  *logring.Ring
	clock func() time.Duration
	again atomic.Bool // the console is to have all lines once more
}

func newJournal() *journal {
	return &journal{ring: logring.New(2000, 256<<10), clock: sinceBoot}
}

// line takes one line. It does not wait.
func (j *journal) line(name, text string) {
	j.ring.Add(logring.Line{At: j.clock(), Name: name, Text: text})
}

// Write takes what slog writes in one go.
func (j *journal) Write(p []byte) (int, error) {
	j.line("init", strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

func (j *journal) logger(debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: level, ReplaceAttr: dropTime}))
}

// dropTime leaves out the time, which the journal puts in front of each line.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 && a.Value.Kind() == slog.KindTime {
		return slog.Attr{}
	}
	return a
}

// print copies lines to the console as they come until ctx ends, then those that are left. A slow console loses lines, never holds a
// program up; the ring still has them. again, if not nil, asks for all lines once more.
func (j *journal) print(ctx context.Context, console io.Writer, again *atomic.Bool) {
	var seq uint64
	for {
		lines, next, lost, err := j.ring.Next(ctx, seq)
		if lost > 0 {
			fmt.Fprintf(console, "... %d lines left out\n", lost)
		}
		for _, l := range lines {
			fmt.Fprintln(console, l)
		}
		if err != nil {
			return
		}
		seq = next
		if again != nil && again.Swap(false) {
			seq = 0
		}
	}
}

// repeat has all lines that are held printed once more.
func (j *journal) repeat() {
	j.again.Store(true)
	j.line("init", "the log is printed again, up to here")
}

func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
