package nisclients

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
)

// The library of telegraf and of apcupsd_exporter takes every line, of a UPS that tells all, of one that is on battery and of one that is lost.
func TestMdlayher(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "mdlayher")
	build := exec.Command("go", "build", "-C", "testdata/mdlayher", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		need(t, fmt.Errorf("%w: %s", err, out))
	}
	b := newBench(t)
	b.feed("ups")
	addr := b.nisd(anyPort, 1)[0]
	type status struct {
		Status, StatusFlags, SerialNumber, BatteryDate string
		LineVoltage, LowTransferVoltage                float64
		TimeLeft                                       time.Duration
		NumberTransfers, NominalPower                  int
		XOnBattery                                     time.Time
	}
	read := func() (s status) {
		t.Helper()
		out, err := exec.Command(bin, addr).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		first, second, _ := strings.Cut(string(out), "\n")
		if err := json.Unmarshal([]byte(first), &s); err != nil || !strings.HasPrefix(second, "{") {
			t.Fatalf("%v: %s", err, out)
		}
		return s
	}
	if got, want := read(), (status{"ONLINE", "0x05000008", "3B1523X12345", "2015-06-10", 230, 176, 44*time.Minute + 48*time.Second, 0, 600, time.Time{}}); got != want {
		t.Errorf("read\n%+v, want\n%+v", got, want)
	}
	b.status("ups", "OB DISCHRG")
	await(t, "on battery", func() bool { return read().Status == "ONBATT" })
	if s := read(); s.NumberTransfers != 1 || s.XOnBattery.IsZero() || time.Since(s.XOnBattery) > patience {
		t.Errorf("on battery, it reads %+v", s)
	}
	b.show("ups", ups.Stale, nil)
	await(t, "lost", func() bool { return read().Status == "COMMLOST" })
	if s := read(); s.LineVoltage != 0 || s.SerialNumber != "3B1523X12345" {
		t.Errorf("lost, it reads %+v", s)
	}
}

// collectd's plugin asks again and again on one connection.
func TestCollectd(t *testing.T) {
	r := newRoot(t, "collectd", "collectd-core", "nut-server")
	b := newBench(t)
	b.feed("ups")
	addr := b.nisd(anyPort, 1)[0]
	conf := r.write(t, "collectd.conf", strings.ReplaceAll(`Hostname "host"
FQDNLookup false
BaseDir "TMP"
PIDFile "TMP/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Interval 1
ReadThreads 1
LoadPlugin csv
LoadPlugin apcups
<Plugin csv>
	DataDir "stdout"
</Plugin>
<Plugin apcups>
	Host "127.0.0.1"
	Port "PORT"
	ReportSeconds true
	PersistentConnection true
</Plugin>
`, "PORT", port(addr)))
	said := start(t, r.command(t, "/usr/sbin/collectd", "-f", "-C", conf))
	has := func(name, value string) func() bool {
		return func() bool {
			for line := range strings.Lines(said.String()) {
				if strings.HasPrefix(line, "PUTVAL host/apcups/"+name+" ") && strings.HasSuffix(line, ":"+value+"\n") {
					return true
				}
			}
			return false
		}
	}
	for name, value := range map[string]string{"charge": "100.000000", "voltage-input": "230.000000", "timeleft": "2688.000000", "percent-load": "23.000000",
		"frequency-input": "50.000000", "temperature": "31.200000", "voltage-battery": "27.300000", "voltage-output": "230.000000"} {
		await(t, name, has(name, value))
	}
	b.show("ups", ups.Fresh, map[string]string{"battery.charge": "63"})
	await(t, "the next reading", has("charge", "63.000000"))
}

// What NUT's apcupsd-ups reads from us NUT's upsd tells as ours does: a full circle.
func TestFullCircle(t *testing.T) {
	b := newBench(t)
	b.feed("ups")
	addr := b.nisd(anyPort, 1)[0]
	n := nuttest.New(t)
	n.Driver("ups", "apcupsd-ups", "port = 127.0.0.1:"+port(addr))
	server := n.Upsd("")
	read := func() map[string]string {
		vars := make(map[string]string)
		out, err := nuttest.Upsc(t, "ups@"+server)
		if err != nil {
			return vars
		}
		for line := range strings.Lines(out) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			vars[name] = value
		}
		return vars
	}
	await(t, "read by NUT", func() bool { return read()["ups.status"] == "OL" })
	got := read()
	t.Logf("NUT has %v", got)
	changed := map[string]string{ // by what the protocol cannot carry
		"battery.runtime":   "2688.0",     // tenths of minutes
		"battery.date":      "2015-06-10", // apcupsd's way to write it
		"ups.mfr.date":      "2015-06-10", //
		"input.sensitivity": "M",          // the driver takes one letter
		"ups.test.result":   "OK",         // apcupsd's word
		"ups.mfr":           "APC",        // the driver's own
		"ups.temperature":   "31.2", "ups.load": "23.0", "battery.charge": "100.0", "input.transfer.low": "176.0", "input.transfer.high": "294.0",
		"ups.realpower.nominal": "600.0",
	}
	left := []string{"driver.name", "device.mfr", "ups.mfr", "device.model", "device.serial", "ups.status", "server.fsd", "ups.beeper.status"} // not told by NIS, or NUT's own
	for name, value := range apc {
		if slices.Contains(left, name) {
			continue
		}
		if c, ok := changed[name]; ok {
			value = c
		}
		if got[name] != value {
			t.Errorf("%s: NUT has %q, we have %q", name, got[name], value)
		}
	}
	b.status("ups", "OB DISCHRG LB")
	await(t, "the outage", func() bool { return read()["ups.status"] == "OB LB" })
	b.status("ups", "OL BOOST")
	await(t, "its end", func() bool { s := read()["ups.status"]; return s == "BOOST OL" || s == "OL BOOST" })
}
