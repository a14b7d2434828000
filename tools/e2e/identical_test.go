package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// zeroSerial describes a UPS with a serial number of zeros, as many have: a real CyberPower where the captures are here, else one of the project's own.
func zeroSerial(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../shared/captures/cyberpower-cp1300epfclcd.toml")
	if err != nil {
		text, err = os.ReadFile("../virtups/devices/upscard-1500.toml")
	}
	if err != nil {
		t.Fatal(err)
	}
	serial := regexp.MustCompile(`(?m)^serial = .*$`)
	file := filepath.Join(t.TempDir(), "zeros.toml")
	if err := os.WriteFile(file, serial.ReplaceAll(text, []byte(`serial = "000000000000"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// trio is a card with three UPSes that nothing tells apart but their ports and, in this test, their load.
type trio struct {
	*machine
	loads map[string]int // by name: what the UPS feeds
}

// each waits until every UPS that is named shows its own load.
func (m trio) each(names ...string) {
	m.t.Helper()
	for _, name := range names {
		m.awaitAnswer(name, "ups.load", fmt.Sprintf("^%d", m.loads[name]), patience)
	}
}

// identify has one UPS be heard: its beeper is switched, and as it was in the end, and no other is written to.
func (m trio) identify(which int) {
	m.t.Helper()
	before := m.UPS[which].Model().Alarm
	if got := m.order("owner", "owners-own", "upscmd", fmt.Sprintf("ups%d@%s", which+1, m.Addr("nut")), "experimental.beeper.identify"); !strings.HasSuffix(got, "SUCCESS") {
		m.t.Errorf("identify: %s", got)
	}
	if after := m.UPS[which].Model().Alarm; after != before {
		m.t.Errorf("the beeper is %v, it was %v", after, before)
	}
	for i, u := range m.UPS {
		if n := len(u.Writes()); (n > 1) != (i == which) || n%2 == 1 {
			m.t.Errorf("UPS %d was written to %d times", i+1, n)
		}
		if cuts := u.Model().Cuts; len(cuts) > 0 {
			m.t.Errorf("UPS %d cut its load: %+v", i+1, cuts)
		}
	}
}

// Three UPSes of one model with one serial number keep their names, whatever happens.
func TestIdenticalUPSes(t *testing.T) {
	device := zeroSerial(t)
	m := trio{boot(t, setup{config: owners, ordered: true, devices: []string{device, device, device}, hubs: []string{"1"}, ports: []string{"1.1", "1.2", "2"}}),
		map[string]int{"ups": 11, "ups2": 22, "ups3": 33}}
	for i, load := range []int{11, 22, 33} {
		m.do(m.UPS[i], fmt.Sprintf("load %d", load))
	}
	m.each("ups", "ups2", "ups3")

	m.identify(1)

	for _, i := range []int{0, 1, 2} {
		m.UPS[i].Unplug()
	}
	for _, name := range []string{"ups", "ups2", "ups3"} {
		m.awaitAnswer(name, "ups.status", `^Error: Data stale$`, patience)
	}
	for _, i := range []int{2, 0, 1} {
		m.UPS[i].Plug()
	}
	m.each("ups", "ups2", "ups3")

	// One is missing at a start.
	m.UPS[0].Unplug()
	mark := m.restart("reboot")
	m.console(mark, `upscard: ready`)
	m.each("ups2", "ups3")
	if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); got != "Error: Driver not connected" {
		t.Errorf("ups is not plugged in, and upsc says %q", got)
	}
	m.UPS[0].Plug()
	m.each("ups", "ups2", "ups3")
	if got := strings.Fields(m.upsc("-l", m.Addr("nut"))); len(got) != 3 {
		t.Errorf("upsc -l printed %q", got)
	}
}
