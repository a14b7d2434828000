package main

import (
	"fmt"
	"io"
	"time"
)

// progress tells how far a transfer has come: on a terminal in one line twice a second, else in a line for each tenth.
type progress struct {
	out      io.Writer
	terminal bool
	what     string
	total    int64
	begun    time.Time
	shown    time.Time
	tenths   int64
	open     bool // a line has no end yet
}

func newProgress(out io.Writer, terminal bool, what string, total int64) *progress {
	return &progress{out: out, terminal: terminal, what: what, total: total, begun: time.Now()}
}

// show tells that done bytes are on the device, or were read.
func (p *progress) show(done int64) {
	now := time.Now()
	text := p.what + " " + state(done, p.total, now.Sub(p.begun))
	if p.terminal {
		if done < p.total && now.Sub(p.shown) < time.Second/2 {
			return
		}
		fmt.Fprintf(p.out, "\r%s\x1b[K", text)
		p.shown, p.open = now, true
		return
	}
	if tenths := 10 * done / p.total; tenths > p.tenths {
		fmt.Fprintln(p.out, text)
		p.tenths = tenths
	}
}

// end goes to the next line.
func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.out)
		p.open = false
	}
}

// state is "128.0 MB of 256.0 MB, 50 %, 12.3 MB/s, 10 s left".
func state(done, total int64, passed time.Duration) string {
	text := fmt.Sprintf("%s of %s, %d %%", size(done), size(total), 100*done/total)
	if passed <= 0 || done == 0 {
		return text
	}
	speed := float64(done) / passed.Seconds()
	left := time.Duration(float64(total-done) / speed * float64(time.Second))
	return fmt.Sprintf("%s, %.1f MB/s, %v left", text, speed/1e6, left.Round(time.Second))
}

// size is a number of bytes for people, as on the label of a card.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d bytes", n)
}
