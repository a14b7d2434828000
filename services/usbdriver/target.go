package usbdriver

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/upscard/upscard/services/usb"
)

// Target says which device is meant.
type Target struct {
	Port    string            // "" is any port
	Matches func(usb.ID) bool // must hold besides; nil always does

	pinned *usb.ID // the device that was served: another model is not taken in its place
}

var (
	errNone    = errors.New("no such device is attached")
	errSeveral = errors.New("several devices would do")
)

// pin makes the target the device that was served, by model and serial number.
func (t *Target) pin(id usb.ID) { t.pinned = &id }

func (t *Target) accepts(id usb.ID) bool {
	if t.Port != "" && t.Port != id.Port || t.Matches != nil && !t.Matches(id) {
		return false
	}
	p := t.pinned
	return p == nil || p.Vendor == id.Vendor && p.Product == id.Product && p.Serial == id.Serial
}

// concerns holds for events after which the target may be there, or another device. Binding a kernel driver to an interface is
// none of them: opening and closing a device does that, and would go round in circles.
func (t *Target) concerns(e usb.Uevent) bool {
	port := e.Port()
	if port == "" || t.Port != "" && t.Port != port {
		return false
	}
	return e.Action == "add" || e.Action == "remove" || (e.Action == "bind" || e.Action == "change") && e.Device()
}

// LogValue is the port, or the device that was served, or both.
func (t *Target) LogValue() slog.Value {
	switch {
	case t.pinned != nil && t.Port == "":
		return slog.StringValue(fmt.Sprintf("%04x:%04x at any port", t.pinned.Vendor, t.pinned.Product))
	case t.pinned != nil:
		return slog.StringValue(t.pinned.String())
	case t.Port != "":
		return slog.StringValue("port " + t.Port)
	}
	return slog.StringValue("any port")
}

// reread asks a device that seems to be another one, if this driver may open it: then it is thought to be its own. Of one that it may not open the
// kernel's word counts.
func (s *session) reread(id usb.ID) (usb.ID, error) {
	if s.World.Reread == nil {
		return id, nil
	}
	told, err := s.World.Reread(id)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, usb.ErrGone) {
		return id, nil
	}
	return told, err
}

// find looks for the target among what is attached.
func (s *session) find() (usb.ID, error) {
	attached, err := s.World.Scan()
	busy := errors.Is(err, usb.ErrBusy)
	if err != nil && !busy {
		return usb.ID{}, err
	}
	var found, unlikely []usb.ID
	for _, a := range attached {
		switch {
		case s.Target.accepts(a.ID) && a.Input:
			unlikely = append(unlikely, a.ID)
		case s.Target.accepts(a.ID):
			found = append(found, a.ID)
		case s.Target.Port == a.ID.Port:
			id, err := s.reread(a.ID)
			if err != nil {
				return usb.ID{}, err
			}
			if s.Target.accepts(id) {
				return id, nil
			}
			s.say(slog.LevelWarn, "another device is at the port and not taken", "device", a.ID, "product", a.ID.ProductName)
		}
	}
	if len(found) == 0 {
		found = unlikely // keyboards and mice
	}
	switch {
	case len(found) == 0 && busy:
		return usb.ID{}, err
	case len(found) == 0:
		return usb.ID{}, errNone
	case len(found) == 1:
		return found[0], nil
	}
	list := make([]string, len(found))
	for i, id := range found {
		list[i] = fmt.Sprintf("%v (%s)", id, strings.TrimSpace(id.Manufacturer+" "+id.ProductName))
	}
	return usb.ID{}, fmt.Errorf("%w, choose one by its port: %s", errSeveral, strings.Join(list, ", "))
}
