// Package heartbeat tells the process that started this one how this one fares.
//
// The parent hands down a pipe. The child writes "READY\n" once it serves, and "ALIVE\n" each time its main loop has been seen to turn:
// the loop is asked, so a report is never older than the answer that it rests on.
package heartbeat

import (
	"context"
	"fmt"
	"os"
	"time"
)

// What a child writes.
const (
	Ready = "READY\n"
	Alive = "ALIVE\n"
)

// Interval is the time between an answer and the next question.
const Interval = 5 * time.Second

// Parent is the pipe to the parent. The zero value is a parent that does not listen.
type Parent struct{ pipe *os.File }

// To returns the parent that listens at the inherited descriptor, nobody if that is not over 0.
func To(fd int) Parent {
	if fd <= 0 {
		return Parent{}
	}
	return Parent{os.NewFile(uintptr(fd), "parent")}
}

// Ready says that this program serves.
func (p Parent) Ready() error { return p.write(Ready) }

// Report asks the main loop over and over, and tells of each answer, until ctx ends; then it returns nil. ask returns nil when the loop
// has answered. While it does not, nothing is reported. A failed write ends it too: nobody listens any more.
func (p Parent) Report(ctx context.Context, ask func(context.Context) error) error {
	if p.pipe == nil {
		return nil
	}
	for {
		err := ask(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			err = p.write(Alive)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(Interval):
		}
	}
}

func (p Parent) write(word string) error {
	if p.pipe == nil {
		return nil
	}
	if _, err := p.pipe.WriteString(word); err != nil {
		return fmt.Errorf("parent is not told: %w", err)
	}
	return nil
}
