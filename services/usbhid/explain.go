package usbhid

import (
	"slices"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// Explain lists what each path of a device is served as: variables, "ups.status" and "ups.alarm" for flags, instant commands. It also names the
// device's family. It may correct the descriptor.
func Explain(id usb.ID, d *hid.Descriptor) (served map[string][]string, family string) {
	m := newModel(id, d)
	served = make(map[string][]string)
	note := func(p *point, name string) {
		path := p.field().Path.String()
		if !slices.Contains(served[path], name) {
			served[path] = append(served[path], name)
		}
	}
	for _, s := range m.slots {
		name := s.name
		if s.flag != 0 {
			name = "ups.status"
		}
		for _, src := range s.sources {
			note(src.point, name)
		}
	}
	for _, a := range m.alarms {
		note(a.point, "ups.alarm")
	}
	for _, c := range m.commands {
		for _, ctl := range c.controls {
			note(ctl.point, c.name)
		}
	}
	return served, m.family.name
}
