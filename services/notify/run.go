package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Sender is a way out for events.
type Sender interface {
	// Send returns nil once the event was told. It is called by one goroutine, and must end within a minute.
	Send(ctx context.Context, e Event) error
}

// Way is a way out with what is told by it.
type Way struct {
	Name   string
	Types  []string // none: all
	Sender Sender
}

// Pauses between attempts to tell an event, and between saving what was told.
const (
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	flushing   = time.Minute
	sendTime   = 30 * time.Second
)

// Expect gives each way its place: what is added from now on will be told by it. A way that is not there any more loses its own.
func (l *Log) Expect(ways []Way) {
	l.retain(ways)
	for _, w := range ways {
		l.next(w.Name)
	}
}

// Run tells each event by every way that Expect was told of, in order, until ctx ends.
func (l *Log) Run(ctx context.Context, ways []Way) {
	var running sync.WaitGroup
	for _, w := range ways {
		running.Go(func() { l.serve(ctx, w, l.logger.With("notify", w.Name)) })
	}
	running.Go(func() { l.flush(ctx) })
	running.Wait()
	l.Flush()
}

// flush saves now and then what was told.
func (l *Log) flush(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(flushing):
			l.Flush()
		}
	}
}

// serve tells by one way.
func (l *Log) serve(ctx context.Context, w Way, logger *slog.Logger) {
	for ctx.Err() == nil {
		e, dropped, more := l.next(w.Name)
		if more != nil {
			select {
			case <-more:
			case <-ctx.Done():
			}
			continue
		}
		if dropped > 0 {
			logger.Warn("events were dropped before they could be told", "number", dropped)
		}
		if len(w.Types) > 0 && !slices.Contains(w.Types, e.Type) || w.send(ctx, e, logger) {
			l.told(w.Name, e.Seq)
		}
	}
}

// send tries until the event is told, and reports whether it was; else ctx has ended. The first failure is logged, and the end of it.
func (w Way) send(ctx context.Context, e Event, logger *slog.Logger) bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		sending, cancel := context.WithTimeout(ctx, sendTime)
		err := w.Sender.Send(sending, e)
		cancel()
		if err == nil {
			if pause > firstPause {
				logger.Info("can be told again", "event", e.Type)
			}
			return true
		}
		if pause == firstPause && ctx.Err() == nil {
			logger.Warn("cannot be told, trying again", "event", e.Type, "err", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}
