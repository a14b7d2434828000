package usbhid

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// between is the pause between two steps of a compound command: some UPSes lose an order that follows another too closely
// (Tripp Lite AVR750U, protocol 3024).
const between = 125 * time.Millisecond

// ordered reports whether there is an order to carry out.
func (s *session) ordered() bool {
	if s.order == nil {
		select {
		case o := <-s.opts.Desk.orders:
			s.order = &o
		default:
		}
	}
	return s.order != nil
}

// dismiss answers an order that was taken and will not be carried out, or not to its end.
func (s *session) dismiss() {
	s.hush()
	if s.order != nil {
		s.order.done <- errNobody
		s.order = nil
	}
}

// serve carries out the order and has everything read again. It fails only when the device is gone.
func (s *session) serve() error {
	o := *s.order
	s.order = nil
	var err error
	if o.command && o.name == identifyCommand {
		if err = s.identify(o); err == nil {
			return nil // its answer comes when it is over
		}
	} else {
		err = s.obey(o)
	}
	s.answer(o, err)
	now := time.Now()
	s.statusDue, s.seldomDue = now, now
	if errors.Is(err, usb.ErrGone) {
		return err
	}
	return nil
}

// answer tells what became of an order.
func (s *session) answer(o order, err error) {
	log := s.log.With("name", o.name, "value", o.value)
	if err != nil {
		log.Warn("order was not carried out", "err", err)
	} else {
		log.Info("order carried out")
	}
	o.done <- err
}

func (s *session) obey(o order) error {
	switch {
	case !s.complete || !s.fresh:
		return errNotReady
	case o.command:
		return s.command(o.name, o.value)
	}
	return s.set(o.name, o.value)
}

// command carries out an instant command.
func (s *session) command(name, param string) error {
	s.model.trial = s.model.trial.order(name, time.Now())
	if name == shutdownDefault {
		return s.shutdown(param)
	}
	if c, ok := s.model.control(name); ok {
		v, err := c.act.resolve(param, s.model.inputs())
		if err != nil {
			return err
		}
		return s.operate(c, v)
	}
	steps, ok := s.model.compound(name)
	switch {
	case !ok:
		return fmt.Errorf("%w: %s", ErrUnknown, name)
	case param != "":
		return fmt.Errorf("%w: %s takes no parameter, got %q", ErrInvalid, name, param)
	}
	return s.follow(name, steps)
}

// shutdown carries out the best command for a shutdown. The next one is tried only where the UPS refuses one: what came to nothing in
// any other way may yet come to something.
func (s *session) shutdown(param string) error {
	names, offered := s.model.tuning.shutdowns(), s.model.offered()
	err := fmt.Errorf("%w: the UPS offers none of %q", ErrUnknown, names)
	for _, name := range names {
		if !slices.Contains(offered, name) {
			continue
		}
		if err = s.command(name, param); !errors.Is(err, usb.ErrStall) {
			return err
		}
		s.log.Warn("shutdown command was refused", "name", name, "err", err)
	}
	return err
}

// follow carries out the steps of a compound command. Before the load is switched off, the UPS is told whether it may start by itself.
func (s *session) follow(name string, steps []step) error {
	if auto, ok := map[string]string{"shutdown.return": "yes", "shutdown.stayoff": "no"}[name]; ok {
		if err := s.set("ups.start.auto", auto); err != nil && !errors.Is(err, ErrUnknown) {
			return fmt.Errorf("ups.start.auto: %w", err)
		}
	}
	for i, st := range steps {
		if i > 0 {
			time.Sleep(between)
		}
		c, ok := s.model.control(st.name)
		if !ok {
			return fmt.Errorf("%w: %s", ErrUnknown, st.name)
		}
		v, err := c.act.resolve("", s.model.inputs())
		if st.with != nil {
			v, err = c.act.encode(*st.with)
		}
		if err != nil {
			return err
		}
		if err := s.operate(c, v); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
	}
	return nil
}

// operate writes what a command stands for. A delay that the field cannot hold exactly is lengthened: hosts that shut down count on it.
func (s *session) operate(c control, v float64) error {
	if c.act.parse != nil && c.act.pack == nil {
		v = lengthen(c.feature, v)
	}
	return s.write(c.point, v, c.act.trust(v))
}

// set writes a variable, to the UPS or to what the driver keeps.
func (s *session) set(name, value string) error {
	src, ok := s.model.editable(name)
	if !ok {
		return fmt.Errorf("%w: %s cannot be set", ErrUnknown, name)
	}
	if len(value) > src.as.edit {
		return fmt.Errorf("%w: %q has more than %d bytes", ErrInvalid, value, src.as.edit)
	}
	v, err := src.as.parse(value, s.model.inputs())
	if err != nil {
		return err
	}
	if src.as.kept != "" {
		s.model.kept[name] = value
		return nil
	}
	enough := exact
	if src.as.blind {
		enough = onWord
	}
	if err := s.write(src.point, v, enough); err != nil {
		return err
	}
	delete(s.model.kept, name)
	return nil
}
