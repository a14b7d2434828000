package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/reach"
	"github.com/upscard/upscard/services/ups"
)

// card is a machine that runs mdnsd beside an upsd that is only told of.
type card struct {
	*machine
	dir   string
	feeds map[string]*ups.Store
	stop  map[string]func()
	proc  *process
}

// card adds a card with one UPS, which does not run yet.
func (n *network) card(name string) *card {
	n.t.Helper()
	dir, err := os.MkdirTemp("", "mdnsd") // a socket's path is short
	check(n.t, err)
	n.t.Cleanup(func() { os.RemoveAll(dir) })
	check(n.t, os.Mkdir(filepath.Join(dir, "nut"), 0o755))
	c := &card{machine: n.machine(name), dir: dir, feeds: make(map[string]*ups.Store), stop: make(map[string]func())}
	c.feed("ups", "Cellar")
	return c
}

// feed shows a UPS as upsd would.
func (c *card) feed(name, desc string) {
	c.t.Helper()
	ln, err := driversock.Listen(filepath.Join(c.dir, "nut", "feed-"+name))
	check(c.t, err)
	store := ups.NewStore()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	c.stop[name] = sync.OnceFunc(func() { cancel(); serving.Wait() })
	c.t.Cleanup(c.stop[name])
	c.feeds[name] = store
	c.describe(name, desc)
}

func (c *card) describe(name, desc string) {
	vars := map[string]string{"server.listening": "[::]:3493", "server.version": "2.8.5 (upscard)", "server.description": desc,
		"ups.mfr": "APC", "ups.model": "Back-UPS 700", "ups.status": "OL"}
	all := make(map[string]ups.Var)
	for k, v := range vars {
		all[k] = ups.Var{Value: v}
	}
	c.feeds[name].Set(ups.NewSnapshot(all, nil, ups.Fresh, time.Now()))
}

// program shows where a program of the card's listens, until it ends.
func (c *card) program(name string) (told *reach.Teller, end func()) {
	c.t.Helper()
	told = reach.NewTeller()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := told.Serve(ctx, reach.Dir(c.dir, name), driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			c.t.Error(err)
		}
	})
	end = sync.OnceFunc(func() { cancel(); serving.Wait() })
	c.t.Cleanup(end)
	return told, end
}

// run starts mdnsd.
func (c *card) run(hostname string) {
	c.t.Helper()
	self, err := os.Executable()
	check(c.t, err)
	c.proc = start(c.t, c.name+"'s mdnsd", c.at(false, self, "mdnsd", "-config", filepath.Join(c.dir, "upscard.toml"), "-run", c.dir,
		"-state", filepath.Join(c.dir, "state"), "-hostname", hostname))
}

// configure writes the card's configuration.
func (c *card) configure(text string) {
	c.t.Helper()
	check(c.t, os.WriteFile(filepath.Join(c.dir, "upscard.toml"), []byte(text), 0o644))
}

// avahi starts a machine with Avahi and what that needs.
func (n *network) avahi(name, hostname string, addrs ...string) *machine {
	n.t.Helper()
	m := n.machine(name)
	for _, a := range addrs {
		m.addr(a)
	}
	check(n.t, os.Remove(m.path("/etc/avahi/services/nut.service"))) // of Debian's nut-server
	m.output("/usr/bin/dbus-daemon", "--system", "--fork", "--nopidfile")
	m.write("/tmp/avahi.conf", "[server]\nhost-name="+hostname+"\nuse-ipv6=yes\n[publish]\npublish-workstation=no\n")
	m.daemon = start(n.t, name+"'s avahi-daemon", m.at(true, "/usr/sbin/avahi-daemon", "-f", "/tmp/avahi.conf", "--no-rlimits", "--debug"))
	m.daemon.until("Server startup complete")
	return m
}

// capture records all packets until the returned function is called, which has tshark look at them.
func (n *network) capture() (verdict func()) {
	m := n.machine("watcher")
	p := start(n.t, "dumpcap", m.at(true, "/usr/bin/dumpcap", "-q", "-i", "eth0", "-f", "udp port 5353", "-w", "/tmp/all.pcapng"))
	p.until("File: ")
	return func() {
		n.t.Helper()
		p.end(syscall.SIGTERM)
		bad := m.output("/usr/bin/tshark", "-r", "/tmp/all.pcapng", "-Y", "_ws.malformed or _ws.expert.severity == error", "-V")
		if strings.Contains(bad, "Frame ") {
			n.t.Errorf("malformed:\n%s", bad)
		}
		all := m.output("/usr/bin/tshark", "-r", "/tmp/all.pcapng")
		n.t.Logf("%d packets, as %.2000s", strings.Count(all, "\n"), all)
	}
}

const zeroconf = `
import json, sys, time
from zeroconf import Zeroconf, IPVersion
z = Zeroconf(ip_version=IPVersion.V4Only)
i = z.get_service_info(sys.argv[1], sys.argv[2], timeout=10000)
print(json.dumps({"server": i.server, "port": i.port, "addresses": i.parsed_addresses(),
    "txt": {k.decode(): v.decode() for k, v in i.properties.items()}}))
z.close()
`

// Debian's programs find the card: Avahi's, NUT's own scanner, and Python's zeroconf, which is what Home Assistant uses; and there is nothing in any packet
// that Wireshark's decoder takes offence at.
func TestFound(t *testing.T) {
	n := newNetwork(t)
	verdict := n.capture()
	pc := n.avahi("pc", "pc", "192.0.2.9/24")
	c := n.card("card")
	c.addr("192.0.2.2/24")
	c.addr("2001:db8::2/64")
	c.run("upscard")

	browse := start(t, "avahi-browse", pc.at(true, "/usr/bin/avahi-browse", "-rp", "_nut._tcp"))
	browse.until("=;eth0;IPv4;upscard;_nut._tcp;local;upscard.local;")
	browse.until("=;eth0;IPv6;upscard;_nut._tcp;local;upscard.local;")
	for _, text := range []string{`"txtvers=1"`, `"version=2.8.5 (upscard)"`, `"device_list=ups"`, `"model.ups=APC Back-UPS 700"`, `"desc.ups=Cellar"`} {
		browse.until(text)
	}
	if got := pc.output("/usr/bin/avahi-browse", "-pt", "_upscard._sub._nut._tcp"); !strings.Contains(got, "+;eth0;IPv4;upscard;") {
		t.Errorf("by its subtype: %s", got)
	}
	kinds := pc.output("/usr/bin/avahi-browse", "-aptk")
	for _, kind := range []string{"_nut._tcp", "_upsd._tcp", "_device-info._tcp"} {
		if !strings.Contains(kinds, ";upscard;"+kind+";") {
			t.Errorf("no %s among\n%s", kind, kinds)
		}
	}
	for name, want := range map[string][]string{"-4n upscard.local": {"192.0.2.2"}, "-6n upscard.local": {"2001:db8::2"}, "-a 192.0.2.2": {"upscard.local"}, "-a 2001:db8::2": {"upscard.local"}} {
		words := strings.Fields(name)
		got := pc.output(append([]string{"/usr/bin/avahi-resolve"}, words...)...)
		if f := strings.Fields(got); len(f) != 2 || f[1] != want[0] {
			t.Errorf("avahi-resolve %s: %s", name, got)
		}
	}
	if got := pc.output("/bin/nut-scanner", "-A", "-q"); !strings.Contains(got, `port = "ups@upscard.local"`) {
		t.Errorf("nut-scanner: %s", got)
	}
	var seen struct {
		Server    string
		Port      int
		Addresses []string
		TXT       map[string]string
	}
	out := pc.output("/usr/bin/python3", "-c", zeroconf, "_nut._tcp.local.", "upscard._nut._tcp.local.")
	check(t, json.Unmarshal([]byte(out), &seen))
	if seen.Server != "upscard.local." || seen.Port != 3493 || fmt.Sprint(seen.Addresses) != "[192.0.2.2 2001:db8::2]" || seen.TXT["device_list"] != "ups" {
		t.Errorf("zeroconf: %s", out)
	}

	c.feed("ups2", "Attic")
	await(t, "the second UPS", func() bool {
		return strings.Contains(pc.output("/usr/bin/avahi-browse", "-rpt", "_upsd._tcp"), `"device_list=ups;ups2"`)
	})
	c.stop["ups"]()
	c.stop["ups2"]()
	browse.until("-;eth0;IPv4;upscard;_nut._tcp;local")
	c.proc.stop()
	await(t, "the name to be gone", func() bool {
		return strings.Contains(pc.output("/usr/bin/avahi-resolve", "-4n", "upscard.local"), "Failed")
	})
	verdict()
}

// What a program besides upsd serves is found while it is served, each port of one that has several.
func TestPortsComeAndGo(t *testing.T) {
	n := newNetwork(t)
	pc := n.avahi("pc", "pc", "192.0.2.9/24")
	c := n.card("card")
	c.addr("192.0.2.2/24")
	nisd, end := c.program("nisd")
	nisd.Open("ups", &net.TCPAddr{IP: net.IPv6unspecified, Port: 3551})
	c.run("upscard")
	browse := start(t, "avahi-browse", pc.at(true, "/usr/bin/avahi-browse", "-rp", "_apcupsd._tcp"))
	browse.until(`=;eth0;IPv4;upscard\032ups;_apcupsd._tcp;local;upscard.local;192.0.2.2;3551;"desc=Cellar" "model=APC Back-UPS 700" "ups=ups" "txtvers=1"`)
	nisd.Open("rack", &net.TCPAddr{IP: net.IPv6unspecified, Port: 3552})
	browse.until(`=;eth0;IPv4;upscard\032rack;_apcupsd._tcp;local;upscard.local;192.0.2.2;3552;"ups=rack" "txtvers=1"`)
	tlsshim, _ := c.program("tlsshim")
	closed := tlsshim.Open("", &net.TCPAddr{IP: net.IPv6unspecified, Port: 401})
	secured := start(t, "avahi-browse", pc.at(true, "/usr/bin/avahi-browse", "-rp", "_ups._tcp"))
	secured.until(`=;eth0;IPv4;upscard;_ups._tcp;local;upscard.local;192.0.2.2;401;"device_list=ups" "protocol=1.3" "txtvers=1"`)
	closed()
	secured.until(`-;eth0;IPv4;upscard;_ups._tcp;local`)
	end()
	browse.until(`-;eth0;IPv4;upscard\032ups;_apcupsd._tcp;local`)
	browse.until(`-;eth0;IPv4;upscard\032rack;_apcupsd._tcp;local`)
	pc.instances("upscard")
	c.proc.stop()
}
