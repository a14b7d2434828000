package usbhid

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// identifyCommand lets a person hear which UPS it is. NUT has no name for that: this is the form that it has for such (docs/nut-names.txt).
const identifyCommand = "experimental.beeper.identify"

// The beeper is switched there and back twice. All of it takes less time than another order waits for its turn.
const (
	identifySwitches = 4
	identifyPause    = 800 * time.Millisecond
	identifyTries    = 3 // to leave the beeper as it was
)

var (
	errAudible  = errors.New("the UPS is not at rest on its mains")
	errCalled   = errors.New("called off: the UPS's state changed")
	errAnother  = errors.New("called off: another order came")
	errBeeper   = errors.New("the beeper is in a state that is not known")
	errLeftOver = errors.New("the beeper may not be as it was")
)

// identification is an order to be heard that is being carried out: most UPSes chirp when their beeper is switched on. Between two switches the
// poll loop goes on.
type identification struct {
	order
	beeper       control
	found, other float64
	left         int // switches that are still to come; the last of them, and each second one, is to what was found
	tries        int // to leave it as it was that failed
	due          time.Time
	unease       string // when it began
	err          error  // what ended it early
}

// beeper returns what switches the beeper on and off, where both are one field that shows what was written.
func (m *model) beeper() (on, off control, ok bool) {
	on, ok1 := m.control("beeper.enable")
	off, ok2 := m.control("beeper.disable")
	ok = ok1 && ok2 && on.point == off.point && !on.act.blind && !off.act.blind
	return on, off, ok
}

// unease is what of a status may make a UPS sound by itself.
func unease(status string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(status), func(word string) bool { return word == "CHRG" }), " ")
}

// identify begins to carry out the order, or fails.
func (s *session) identify(o order) error {
	on, off, ok := s.model.beeper()
	switch words := strings.Fields(s.said); {
	case !ok:
		return fmt.Errorf("%w: %s", ErrUnknown, o.name)
	case o.value != "":
		return fmt.Errorf("%w: %s takes no parameter, got %q", ErrInvalid, o.name, o.value)
	case !s.complete || !s.fresh:
		return errNotReady
	case !slices.Contains(words, "OL") || slices.Contains(words, "OB") || slices.Contains(words, "ALARM"):
		return errAudible
	}
	found, err := s.found(on.point)
	if err != nil {
		return err
	}
	other := on.act.value
	if found == other {
		other = off.act.value
	}
	s.heard = &identification{order: o, beeper: on, found: found, other: other, left: identifySwitches, due: time.Now(), unease: unease(s.said)}
	return nil
}

// found reads the beeper's state. It must be one that can be put back exactly.
func (s *session) found(p *point) (float64, error) {
	report, err := s.current(p.feature)
	if err != nil {
		return 0, err
	}
	raw, _ := p.feature.Raw(report)
	again, value := slices.Clone(report), p.feature.Physical(raw)
	if _, err = put(p.feature, again, value); err != nil || !slices.Equal(again, report) || !slices.Contains([]float64{1, 2, 3}, value) { // 4.1.5: disabled, enabled, muted
		return 0, errBeeper
	}
	return value, nil
}

// sound does what is due of an identification, and reports whether that was anything. It fails when the device is gone.
func (s *session) sound() (did bool, err error) {
	i := s.heard
	if i == nil {
		return false, nil
	}
	switch now := time.Now(); {
	case i.err == nil && (!s.fresh || unease(s.said) != i.unease):
		i.end(errCalled)
	case i.err == nil && s.ordered():
		i.end(errAnother)
	case i.left > 0 && now.Before(i.due):
		return false, nil
	}
	if i.left > 0 {
		err = s.toggle(i)
	}
	if i.left == 0 || err != nil {
		s.heardOut(err)
	}
	return true, err
}

// end calls the rest off: what is left is to put back what was found.
func (i *identification) end(why error) {
	i.err = why
	i.left &= 1 // an even number: it is as it was
	i.due = time.Now()
}

// toggle switches the beeper once. It fails when the device is gone.
func (s *session) toggle(i *identification) error {
	back := i.left%2 == 1
	value := i.other
	if back {
		value = i.found
	}
	err := s.write(i.beeper.point, value, exact)
	i.due = time.Now().Add(identifyPause)
	switch {
	case errors.Is(err, usb.ErrGone):
		return err
	case err == nil:
		i.left--
	case !back:
		i.err, i.left = err, 1 // nobody knows what came of it
	default:
		if i.tries++; i.tries == identifyTries {
			i.err, i.left = errors.Join(errLeftOver, err), 0
		} else if i.err == nil {
			i.err, i.left = err, 1
		}
	}
	return nil
}

// heardOut ends an identification; gone is why the device left, if it did.
func (s *session) heardOut(gone error) {
	i := s.heard
	s.heard = nil
	if gone != nil {
		i.err = errors.Join(errLeftOver, gone)
	}
	s.answer(i.order, i.err)
	s.seldomDue = time.Now()
}

// hush puts the beeper back at the end of a Run.
func (s *session) hush() {
	if i := s.heard; i != nil {
		i.end(errNobody)
		if i.left > 0 && s.write(i.beeper.point, i.found, exact) != nil {
			i.err = errLeftOver
		}
		s.heardOut(nil)
	}
}
