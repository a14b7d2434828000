package supervise

import (
	"fmt"
	"slices"
	"time"
)

const eventsKept = 16

// service is a program's state machine. It starts nothing and reads no clock: its owner does what due says.
type service struct {
	Program

	state   State
	process Process // nil: none
	started time.Time
	heard   time.Time // when the process was started or last said that it is alive
	spoke   bool      // it has said so
	ready   bool      // was ready at least once
	starts  int

	failures int       // ends before MinRun in a row
	wake     time.Time // when a pause, a stop's time limit or a probation ends; zero: never
	killed   time.Time // when the process was; zero: it was not
	forget   bool      // remove it once it has ended
	lastExit Exit
	events   []Event
}

func newService(p Program, now time.Time) *service {
	if p.MinRun == 0 {
		p.MinRun = defaultMinRun
	}
	if p.Timeout == 0 {
		p.Timeout = defaultTimeout
	}
	s := &service{Program: p}
	s.enter(Waiting, now, "")
	return s
}

func (s *service) enter(state State, now time.Time, why string) {
	s.state = state
	s.events = append(s.events, Event{Time: now, State: state, Why: why})
	if extra := len(s.events) - eventsKept; extra > 0 {
		s.events = slices.Delete(s.events, 0, extra)
	}
}

// action is what a service wants its owner to do.
type action uint8

const (
	nothing action = iota
	start
	kill
	hung      // kill it too
	recovered // say that a failing program runs again
)

// due returns what is to be done now and takes note that it is being done. free tells that the programs before it have been ready.
func (s *service) due(now time.Time, free bool) action {
	elapsed := !s.wake.IsZero() && !now.Before(s.wake)
	switch {
	case s.state == Waiting && free, s.state == Pausing && elapsed:
		s.wake = time.Time{}
		return start
	case s.state == Stopping && elapsed && s.killed.IsZero():
		s.wake, s.killed = time.Time{}, now
		return kill
	case s.overdue(now):
		s.wake, s.killed = time.Time{}, now
		return hung
	case (s.state == Starting || s.state == Ready) && elapsed:
		s.wake, s.failures = time.Time{}, 0
		return recovered
	}
	return nothing
}

func (s *service) startedAs(p Process, now time.Time) {
	s.process, s.started, s.killed = p, now, time.Time{}
	s.heard, s.spoke = now, false
	s.starts++
	if s.failures > 0 {
		s.wake = now.Add(s.MinRun)
	}
	s.enter(Starting, now, "")
	if !s.Notify {
		s.saidReady(now)
	}
}

func (s *service) saidReady(now time.Time) {
	if s.state == Starting {
		s.ready = true
		s.enter(Ready, now, "")
	}
}

// ended takes the end of the process, or a start that failed. It returns a pause when the program is to be started again and told is
// true when the end is news: the first one, or another reason than last time.
func (s *service) ended(e Exit, now time.Time) (pause time.Duration, told bool) {
	news := s.failures == 0 || e.String() != s.lastExit.String()
	s.process, s.lastExit, s.wake = nil, e, time.Time{}
	switch {
	case s.state == Stopping:
		s.enter(Stopped, now, e.String())
		return 0, false
	case e.Err == nil && slices.Contains(s.FinalCodes, e.Code):
		s.enter(Done, now, e.String())
		return 0, true
	}
	if !s.started.IsZero() && e.Err == nil && now.Sub(s.started) >= s.MinRun {
		s.failures = 0
	}
	pause = backoff(s.failures)
	s.failures++
	s.wake = now.Add(pause)
	s.enter(Pausing, now, fmt.Sprintf("%s, again in %v", e, pause))
	return pause, news
}

// stop asks the service to end; the returned process, if any, is to be sent SIGTERM.
func (s *service) stop(now time.Time) Process {
	switch s.state {
	case Waiting, Pausing:
		s.wake = time.Time{}
		s.enter(Stopped, now, "")
	case Starting, Ready:
		s.wake = now.Add(s.Timeout)
		s.enter(Stopping, now, "")
		return s.process
	}
	return nil
}

// settled tells that the programs after this one need not wait for it.
func (s *service) settled() bool { return s.ready || s.state == Done || s.state == Stopped }

// gone tells that the service has ended for good.
func (s *service) gone() bool { return s.state == Stopped || s.state == Done }

func (s *service) status() Status {
	st := Status{Name: s.Name, State: s.state, Starts: s.starts, LastExit: s.lastExit, Events: slices.Clone(s.events)}
	if s.process != nil {
		st.Pid, st.Killed = s.process.Pid(), s.killed
	}
	return st
}

// backoff doubles from firstPause to longestPause.
func backoff(failures int) time.Duration {
	pause := firstPause
	for range failures {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
