package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/monitor"
)

// surroundings is what the policy's loop needs of the world.
type surroundings struct {
	config  func() *monitor.Config                                // it may grow while the loop runs, and is read by the loop only
	read    func(context.Context) monitor.Input                   // what is known now
	changed <-chan struct{}                                       // something is worth reading
	act     func(context.Context, monitor.Intent) monitor.Outcome // at most orderTime; by several goroutines
	save    func([]byte) error                                    // returns once it survives a power cut
	tell    func([]monitor.Notice, time.Time)
	done    func(monitor.State) bool // nothing is left to do
	beat    heartbeat.Loop
	logger  *slog.Logger
}

// orderTime bounds an intent. An order's result takes a driver up to 30 s.
const orderTime = 40 * time.Second

// loop is the policy at work, until ctx ends or nothing is left to do.
type loop struct {
	surroundings
	state   monitor.State
	saved   string // the lasting part of what was saved last
	results chan monitor.Result
	pending []monitor.Result
	asked   int // intents that have no result yet
}

// watch runs from a state that was resumed. It returns once every intent has its result, or ctx has ended them.
func watch(ctx context.Context, s surroundings, state monitor.State) {
	l := &loop{surroundings: s, state: state, results: make(chan monitor.Result)}
	for ctx.Err() == nil && !(l.done(l.state) && l.asked == 0) {
		l.step(ctx)
		l.wait(ctx)
	}
	for ; l.asked > 0; l.asked-- {
		<-l.results
	}
}

// step is one step: what it wants is saved before it is done.
func (l *loop) step(ctx context.Context) {
	in := l.read(ctx)
	in.Results, l.pending = l.pending, nil
	now := time.Now()
	state, out := monitor.Step(l.config(), l.state, in, now)
	l.state = state
	if len(out.Notices) > 0 {
		l.tell(out.Notices, now) // before the journal: what is told twice after a crash is better than what is never told
	}
	l.keep()
	for _, i := range out.Intents {
		l.asked++
		go func() {
			ctx, cancel := context.WithTimeout(ctx, orderTime)
			defer cancel()
			l.results <- monitor.Result{Intent: i, Outcome: l.act(ctx, i)}
		}()
	}
}

// keep saves the state where what lasts of it has changed. A disk that fails keeps nobody from being shut down: it is said, and tried again.
func (l *loop) keep() {
	lasting, err := json.Marshal(l.state.Lasting())
	if err == nil && string(lasting) == l.saved {
		return
	}
	whole, err2 := json.Marshal(l.state)
	if err == nil {
		err = err2
	}
	if err == nil {
		err = l.save(whole)
	}
	if err != nil {
		l.logger.Error("the journal is not kept: a restart would forget what goes on", "err", err)
		return
	}
	l.saved = string(lasting)
}

// wait returns when the next step is due.
func (l *loop) wait(ctx context.Context) {
	timer := time.NewTimer(l.state.Pace(l.config()))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.changed:
		case r := <-l.results:
			l.asked--
			l.pending = append(l.pending, r)
			if r.Outcome == monitor.Later { // not at once
				l.rest(ctx)
			}
		case <-l.beat:
			continue
		}
		return
	}
}

// rest is a pause before something is asked for again.
func (l *loop) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}
