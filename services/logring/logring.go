// Package logring keeps the last lines of all programs in memory.
package logring

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Line is one line of a program's output.
type Line struct {
	At   time.Duration // since boot
	Name string        // the program's
	Text string
}

// String returns the line in the kernel's manner.
func (l Line) String() string {
	return fmt.Sprintf("[%5d.%03d] %s: %s", l.At/time.Second, l.At%time.Second/time.Millisecond, l.Name, l.Text)
}

func (l Line) size() int { return len(l.Name) + len(l.Text) + overhead }

// overhead is what a Line costs besides its text, in bytes.
const overhead = 40

// Ring holds lines up to a number of lines and a number of bytes, whichever is reached first. It may be used by many goroutines.
type Ring struct {
	mu       sync.Mutex
	lines    []Line // from first on, wrapping
	first, n int
	dropped  uint64 // how many lines came before first
	bytes    int
	maxBytes int
	changed  chan struct{} // closed and replaced at each Add
}

// New returns an empty Ring.
func New(maxLines, maxBytes int) *Ring {
	return &Ring{lines: make([]Line, maxLines), maxBytes: maxBytes, changed: make(chan struct{})}
}

// Add appends a line and drops the oldest ones that it leaves no room for.
func (r *Ring) Add(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n > 0 && (r.n == len(r.lines) || r.bytes+l.size() > r.maxBytes) {
		r.bytes -= r.lines[r.first].size()
		r.lines[r.first] = Line{}
		r.first = (r.first + 1) % len(r.lines)
		r.n--
		r.dropped++
	}
	r.lines[(r.first+r.n)%len(r.lines)] = l
	r.bytes += l.size()
	r.n++
	close(r.changed)
	r.changed = make(chan struct{})
}

// Lines returns a copy of what is held, oldest first.
func (r *Ring) Lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from(r.dropped)
}

// Next waits for lines from number seq on (the first ever added has number 0) and returns them with the number that follows them. lost
// is how many were dropped before they could be returned. It fails only when ctx ends.
func (r *Ring) Next(ctx context.Context, seq uint64) (lines []Line, next, lost uint64, err error) {
	for {
		r.mu.Lock()
		end, changed := r.dropped+uint64(r.n), r.changed
		if seq < end {
			if seq < r.dropped {
				lost = r.dropped - seq
				seq = r.dropped
			}
			lines = r.from(seq)
			r.mu.Unlock()
			return lines, end, lost, nil
		}
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, seq, 0, ctx.Err()
		}
	}
}

func (r *Ring) from(seq uint64) []Line {
	skip := int(seq - r.dropped)
	out := make([]Line, r.n-skip)
	for i := range out {
		out[i] = r.lines[(r.first+skip+i)%len(r.lines)]
	}
	return out
}
