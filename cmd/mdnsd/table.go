package main

import (
	"net/netip"
	"strings"

	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/mdns"
	"github.com/upscard/upscard/services/ups"
)

// world is what there is on the card.
type world struct {
	listening map[string][]netip.AddrPort // by program: where clients can reach it now
	version   string                      // of upsd
	upses     []unit
}

// unit is one UPS.
type unit struct{ name, desc, model string }

// row is a kind of service, which is offered while its program listens.
type row struct {
	kind     string
	subtypes []string
	program  string
	portless bool // it tells of the card, and is no port to connect to
	txt      func(world) []string
}

// table is what can be found of a card.
func table() []row {
	return []row{
		{kind: "_nut._tcp", subtypes: []string{"_upscard"}, program: "upsd", txt: describe},
		{kind: "_upsd._tcp", program: "upsd", txt: func(w world) []string { return []string{"txtvers=1", deviceList(w)} }}, // for nut-scanner
		{kind: "_device-info._tcp", program: "upsd", portless: true, txt: func(world) []string { return []string{"model=upscard"} }},
	}
}

// offered are the services of the table that can be reached.
func offered(w world) (list []mdns.Service) {
	for _, r := range table() {
		port, addrs := reached(w.listening[r.program])
		if port == 0 {
			continue
		}
		if r.portless {
			port = 0
		}
		list = append(list, mdns.Service{Type: r.kind, Subtypes: r.subtypes, Port: port, TXT: r.txt(w), Addrs: addrs})
	}
	return list
}

// reached is the first port that others can reach, and the addresses that it can be reached by, none for all. It prefers one without an
// address, and is 0 where there is none.
func reached(all []netip.AddrPort) (port uint16, addrs []netip.Addr) {
	for _, a := range all {
		if a.Addr().IsUnspecified() {
			return a.Port(), nil
		}
	}
	for _, a := range all {
		if addr := a.Addr().Unmap(); !addr.IsLoopback() && (port == 0 || a.Port() == port) {
			port = a.Port()
			addrs = append(addrs, addr.WithZone(""))
		}
	}
	return port, addrs
}

// describe is what is told of the NUT server: what it is, and which UPSes it has. Their state is not: it would be in others' caches for an
// hour after it has changed.
func describe(w world) []string {
	list := []string{"txtvers=1", "version=" + w.version, "protocol=1.3", deviceList(w)}
	for _, u := range w.upses {
		if u.model != "" {
			list = append(list, "model."+u.name+"="+u.model)
		}
		if u.desc != "" {
			list = append(list, "desc."+u.name+"="+u.desc)
		}
	}
	return list
}

// maxText is what one string of a TXT record holds, in bytes.
const maxText = 255

// deviceList names the UPSes, as many as there is room for.
func deviceList(w world) string {
	text := "device_list="
	for i, u := range w.upses {
		name := u.name
		if i > 0 {
			name = ";" + name
		}
		if len(text)+len(name) > maxText {
			break
		}
		text += name
	}
	return text
}

// look takes from upsd's feeds what the table needs. A feed that cannot be heard tells nothing: its upsd has ended.
func look(f *feeds.Feeds) world {
	w := world{listening: make(map[string][]netip.AddrPort)}
	for _, name := range f.Names() {
		snap := f.Get(name)
		if snap.Freshness() == ups.Absent {
			continue
		}
		w.upses = append(w.upses, unit{name, snap.Value("server.description"), model(snap)})
		w.version = snap.Value("server.version")
		w.listening["upsd"] = addrPorts(snap.Value("server.listening"))
	}
	return w
}

func model(snap *ups.Snapshot) string {
	vendor, model := strings.TrimSpace(snap.Value("ups.mfr")), strings.TrimSpace(snap.Value("ups.model"))
	if strings.HasPrefix(model, vendor) {
		return model
	}
	return strings.TrimSpace(vendor + " " + model)
}

func addrPorts(text string) (list []netip.AddrPort) {
	for word := range strings.FieldsSeq(text) {
		if a, err := netip.ParseAddrPort(word); err == nil {
			list = append(list, a)
		}
	}
	return list
}
