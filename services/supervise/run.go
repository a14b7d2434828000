package supervise

import (
	"context"
	"time"
)

// Run keeps the programs running until ctx ends, then stops them in order and returns nil once the last one has ended.
func (s *Supervisor) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	stop := ctx.Done()
	for {
		next, left := s.advance(time.Now())
		if stop == nil && !left {
			break
		}
		var alarm <-chan time.Time
		if !next.IsZero() {
			timer.Reset(time.Until(next))
			alarm = timer.C
		}
		select {
		case <-stop:
			stop = nil
			s.mu.Lock()
			s.stopping = true
			s.mu.Unlock()
		case <-s.wake:
		case s.turns <- struct{}{}:
		case <-alarm:
		}
	}
	s.watches.Wait()
	return nil
}

// advance does all that is due and returns when the next thing will be, and whether any program is left that has not ended.
func (s *Supervisor) advance(now time.Time) (next time.Time, left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		s.stopFree()
	}
	for again := true; again; { // a start may make another one free
		again = false
		for _, svc := range s.services {
			again = s.do(svc, svc.due(now, s.free(svc)), now) || again
		}
	}
	s.forget()
	for _, svc := range s.services {
		left = left || !svc.gone()
		next = earlier(next, earlier(svc.wake, svc.deadline()))
	}
	return next, left
}

func (s *Supervisor) do(svc *service, a action, now time.Time) bool {
	switch a {
	case nothing:
		return false
	case start:
		s.start(svc, now)
	case kill:
		s.logger.Warn("program does not end, killed", "program", svc.Name, "after", svc.Timeout)
		svc.process.Kill()
	case hung:
		s.logger.Warn("program hangs, killed", "program", svc.Name, "silent", now.Sub(svc.heard).Round(time.Millisecond))
		svc.process.Kill()
	case recovered:
		s.logger.Info("program stays up again", "program", svc.Name)
	}
	return true
}

func (s *Supervisor) start(svc *service, now time.Time) {
	p, err := s.starter.Start(svc.Program)
	if err != nil {
		s.ended(svc, Exit{Code: -1, Err: err}, now)
		return
	}
	svc.startedAs(p, now)
	s.watches.Add(1)
	go s.watch(svc, p)
	s.announce()
}

// watch follows one process to its end.
func (s *Supervisor) watch(svc *service, p Process) {
	defer s.watches.Done()
	exit := make(chan Exit)
	go func() { exit <- p.Wait() }()
	ready := p.Ready()
	for {
		select {
		case <-ready:
			ready = nil
			s.mu.Lock()
			svc.saidReady(time.Now())
			s.mu.Unlock()
			s.touch()
		case <-p.Alive():
			s.mu.Lock()
			svc.saidAlive(time.Now())
			s.mu.Unlock()
		case e := <-exit:
			s.mu.Lock()
			s.ended(svc, e, time.Now())
			s.mu.Unlock()
			s.touch()
			return
		}
	}
}

func (s *Supervisor) ended(svc *service, e Exit, now time.Time) {
	ran := now.Sub(svc.started)
	pause, told := svc.ended(e, now)
	s.announce()
	switch {
	case !told:
	case svc.state == Done:
		s.logger.Info("program is done", "program", svc.Name, "why", e)
	default:
		s.logger.Warn("program ended", "program", svc.Name, "why", e, "ran", ran.Round(time.Millisecond), "again", pause)
	}
}
