package usbhid

import (
	"maps"
	"slices"
	"time"

	"github.com/upscard/upscard/services/hid"
)

// packet takes an interrupt. What it changes of the state has to be confirmed; all else is believed at once.
func (s *session) packet(packet []byte) error {
	k := key{hid.Input, s.model.reportID(packet)}
	with := s.model.decode(k, packet)
	if s.model.absurd(with) {
		s.reader.refuse(k, packet)
		return s.reread(with, false)
	}
	s.reader.of(k).nonsense = 0
	if declared := s.model.descriptor.ReportLen(k.kind, k.id); len(packet) != declared {
		s.reader.odd(k, len(packet), declared)
		return s.reread(with, true)
	}
	if !s.fresh {
		s.await(with)
		return nil
	}
	disputed := s.model.disputes(with)
	if err := s.believe(with); err != nil {
		return err
	}
	if disputed {
		s.statusDue = time.Now()
	}
	return nil
}

// await takes a packet before there is a state: whatever can be read will be.
func (s *session) await(packet readings) {
	maps.DeleteFunc(packet, func(p *point, _ reading) bool {
		k := p.key()
		return p.feature != nil && !s.model.dead[k] && (s.reader.proven[k] > 0 || !s.failing(k))
	})
	s.suspend(packet)
}

// reread asks for the values that a packet is about which cannot be taken as it is. What only interrupts tell is taken
// from the packet if that is to be trusted, else left as it was.
func (s *session) reread(packet readings, trusted bool) error {
	if !s.fresh {
		if trusted {
			s.await(packet)
		}
		return nil
	}
	keys, with := make(map[key]bool), make(readings)
	for p, r := range packet {
		switch k := p.key(); {
		case !s.model.dead[k]:
			keys[k] = true
		case trusted:
			with[p] = r
		}
	}
	again, _, err := s.readAll(sorted(keys), false)
	if err != nil {
		return err
	}
	maps.Copy(with, again)
	return s.believe(with)
}

// believe settles readings, commits what is left of them and publishes.
func (s *session) believe(with readings) error {
	if s.contradicts(with) {
		s.forget()
	}
	with, confirmed, err := s.settle(with)
	if err != nil {
		return err
	}
	if !confirmed {
		s.recheck = quickRounds
		s.statusSoon()
	}
	if s.hesitate(with) {
		s.statusSoon()
	}
	s.commit(with)
	s.publish()
	return nil
}

// take believes readings that are none of the status, but for what of them would change the state and is not confirmed. They may be the
// reader's. It fails only when the device is gone.
func (s *session) take(with readings) error {
	if s.model.change(with) != 0 {
		var err error
		if with, _, err = s.settle(maps.Clone(with)); err != nil { // which reads
			return err
		}
	}
	s.commit(with)
	return nil
}

// commit believes readings, and judges by them what a test hides.
func (s *session) commit(with readings) {
	s.model.commit(with)
	s.model.trial = s.model.trial.advance(s.model.told(nil), time.Now())
}

// statusSoon has the status read again within a quarter of a second.
func (s *session) statusSoon() {
	if soon := time.Now().Add(quickRound); soon.Before(s.statusDue) {
		s.statusDue = soon
	}
}

// settle returns what of the readings can be believed: where they change the state the reports behind that are read
// again until two readings in a row agree in every flag, or three where two did not. One flag that agrees is not enough:
// of random bytes half do. It reports whether all was confirmed, and fails only when the device is gone.
func (s *session) settle(with readings) (readings, bool, error) {
	if err := s.askOfTest(with); err != nil {
		return nil, false, err
	}
	changed, said := s.model.change(with), s.model.told(with)
	confirmed := true
	const attempts = 4
	agreed, want := 0, 1
	for range attempts {
		if changed == 0 {
			s.restless = 0
			return with, confirmed, nil
		}
		keys := s.model.feeding(changed)
		blind := len(keys)
		maps.DeleteFunc(keys, func(k key, _ bool) bool { return s.model.dead[k] })
		blind -= len(keys)
		again, missed, err := s.readAll(sorted(keys), false)
		if err != nil {
			return nil, false, err
		}
		maps.Copy(with, again)
		if missed > 0 && changed&selfTest != 0 && slices.ContainsFunc(s.model.tests(), s.failing) {
			s.model.withhold(with, selfTest) // it must not keep back what else there is to tell
			changed, confirmed = s.model.change(with), false
			s.unconfirmed()
			continue
		}
		if slices.ContainsFunc(sorted(keys), s.absurd) { // it does answer, so this is no report that cannot be read again
			agreed, want, confirmed = 0, 2, false
			s.unconfirmed()
			continue
		}
		now := s.model.change(with)
		if now&changed != changed {
			confirmed = false
			s.unconfirmed()
		}
		if blind+missed > 0 && now != 0 {
			return s.doubt(with, now, blind > 0)
		}
		before := said
		if said = s.model.told(with); said == before {
			agreed++
		} else {
			agreed, want = 0, 2
		}
		if agreed >= want {
			s.doubted &^= changed
			s.restless = 0
			return with, confirmed, nil
		}
		changed = now
	}
	if s.restless++; s.restless >= missedRounds {
		s.proof = missedRounds
	}
	s.model.strip(with, changed)
	return with, false, nil
}

// unconfirmed logs that a report said something that the next did not, at most once a minute.
func (s *session) unconfirmed() {
	if now := time.Now(); now.Sub(s.warned) >= quiet {
		s.warned = now
		s.log.Warn("a report was not confirmed")
	}
}

func sorted(keys map[key]bool) []key {
	return slices.SortedFunc(maps.Keys(keys), compareKeys)
}
