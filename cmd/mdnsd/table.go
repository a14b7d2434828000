package main

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/upscard/upscard/services/mdns"
)

// world is what there is on the card.
type world struct {
	listening map[string]map[string][]netip.AddrPort // by program and service ("" is its only one): where clients can reach it now
	version   string                                 // of upsd
	upses     []unit
}

// unit is one UPS.
type unit struct{ name, desc, model string }

// upsd tells on the feeds of its UPSes where it listens, every other program as services/reach has it.
const upsd = "upsd"

// row is a kind of service, which is offered while its program listens, as often as that has one of it.
type row struct {
	kind     string
	subtypes []string
	program  string
	portless bool // it tells of the card, and is no port to connect to
	txt      func(w world, service string) []string
}

// table is what can be found of a card.
func table() []row {
	return []row{
		{kind: "_nut._tcp", subtypes: []string{"_upscard"}, program: upsd, txt: describe},
		{kind: "_upsd._tcp", program: upsd, txt: func(w world, _ string) []string { return []string{"txtvers=1", deviceList(w)} }}, // for nut-scanner
		{kind: "_device-info._tcp", program: upsd, portless: true, txt: func(world, string) []string { return []string{"model=upscard"} }},
		{kind: "_ups._tcp", program: "tlsshim", txt: func(w world, _ string) []string { return []string{"txtvers=1", "protocol=1.3", deviceList(w)} }}, // RFC 9271's name for port 401
		{kind: "_apcupsd._tcp", program: "nisd", txt: describeOne},                                                                                     // one for each UPS that is served
	}
}

// offered are the services of the table that can be reached.
func offered(w world) (list []mdns.Service) {
	for _, r := range table() {
		served := w.listening[r.program]
		for _, name := range slices.Sorted(maps.Keys(served)) {
			port, addrs := reached(served[name])
			if port == 0 {
				continue
			}
			if r.portless {
				port = 0
			}
			list = append(list, mdns.Service{Type: r.kind, Name: name, Subtypes: r.subtypes, Port: port, TXT: r.txt(w, name), Addrs: addrs})
		}
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
func describe(w world, _ string) []string {
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

// describeOne is what is told of a server that has one UPS.
func describeOne(w world, name string) []string {
	list := []string{"txtvers=1", "ups=" + name}
	for _, u := range w.upses {
		if u.name != name {
			continue
		}
		if u.model != "" {
			list = append(list, "model="+u.model)
		}
		if u.desc != "" {
			list = append(list, "desc="+u.desc)
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
