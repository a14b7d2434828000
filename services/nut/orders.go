package nut

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

// Driver takes orders to what drives a UPS. After an error the order has not been given, and never will be; else done is
// called once, perhaps before Give returns. No order is given twice.
type Driver interface {
	Give(order ups.Order, done func(ups.Result)) error
}

var errNoDriver = errors.New("no driver has come yet")

// setVar is SET VAR <ups> <var> <value>. Words too many are refused: a value that should have been quoted would be cut.
func (s *Session) setVar(args [][]byte) {
	if len(args) != 3 {
		s.err(errInvalidArgument)
		return
	}
	if s.endFSD(args) {
		return
	}
	u, snap := s.reachable(args[0])
	if u == nil {
		return
	}
	name, known := folded(snap.Names(), args[1])
	r, why := s.rights(u)
	if !r.set {
		s.refuse("order refused", u, why, "set", string(args[1]))
		return
	}
	if !known {
		s.err(errVarNotSupported)
		return
	}
	v, _ := snap.Var(name)
	value := string(parseconf.AppendBare(nil, args[2]))
	if code := settable(v, value); code != "" {
		s.err(code)
		return
	}
	s.order(u, ups.Order{Set: true, Name: name, Value: value})
}

// instCmd is INSTCMD <ups> <command> [<parameter>]. Words too many are refused: NUT would leave out the parameter too, which
// makes another command of it.
func (s *Session) instCmd(args [][]byte) {
	if len(args) < 2 || len(args) > 3 {
		s.err(errInvalidArgument)
		return
	}
	u, snap := s.reachable(args[0])
	if u == nil {
		return
	}
	name, known := folded(snap.Commands(), args[1])
	if !known {
		s.err(errCmdNotSupported)
		return
	}
	r, why := s.rights(u)
	if !r.mayCommand(name) {
		s.refuse("order refused", u, why, "instcmd", name)
		return
	}
	o := ups.Order{Name: name}
	if len(args) == 3 {
		o.Value = string(parseconf.AppendBare(nil, args[2]))
	}
	s.order(u, o)
}

// reachable returns the named UPS with its snapshot, or answers with an error.
func (s *Session) reachable(name []byte) (*UPS, *ups.Snapshot) {
	u := s.ups(name)
	if u == nil {
		return nil, nil
	}
	snap, code := u.current()
	if code != "" {
		s.err(code)
		return nil, nil
	}
	return u, snap
}

// refuse denies what takes a right. The log has the first time of a session: whoever has no right may ask as often as he likes.
func (s *Session) refuse(what string, u *UPS, why string, attrs ...any) {
	if !s.refused {
		s.refused = true
		log := s.host.Logger.With("user", s.username, "addr", s.addr, "ups", u.name)
		log.Warn(what, append(attrs, "why", why)...)
	}
	s.err(errAccessDenied)
}

// order gives an order to the driver. The log has every order and how it ended, whether or not the client asks.
func (s *Session) order(u *UPS, o ups.Order) {
	host, kind, failed := s.host, "instcmd", errInstCmdFailed
	if o.Set {
		kind, failed = "set", errSetFailed
	}
	o.ID = host.orderID()
	log := host.Logger.With("ups", u.name, "order", o.ID)
	if s.tracking {
		host.tracker.add(o.ID)
	}
	log.Info("order", "user", s.username, "addr", s.addr, kind, o.Name, "value", o.Value)
	err := u.give(o, func(r ups.Result) {
		host.tracker.finish(o.ID, r)
		log.Info("order ended", "result", r)
	})
	switch {
	case err != nil:
		host.tracker.forget(o.ID)
		log.Warn("order not given", "err", err)
		s.err(failed)
	case s.tracking:
		s.say("OK TRACKING", o.ID)
	default:
		s.say("OK")
	}
}

// done answers to an order that the server itself has carried out.
func (s *Session) done() {
	if !s.tracking {
		s.say("OK")
		return
	}
	id := s.host.orderID()
	s.host.tracker.add(id)
	s.host.tracker.finish(id, ups.Handled)
	s.say("OK TRACKING", id)
}

// folded returns the name that a word stands for, case aside.
func folded(names []string, word []byte) (string, bool) {
	for _, name := range names {
		if equalFold(word, name) {
			return name, true
		}
	}
	return "", false
}

// orderID returns an identifier for an order. Clients want it in the form of a UUID, and may ask only for those that they
// know: it is random (version 4).
func (h *Host) orderID() string {
	if h.nextID != nil {
		return h.nextID()
	}
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
