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
		text, err = os.ReadFile("../virtups/devices/plain-600.toml")
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

// Three UPSes of one model with one serial number keep their names, whatever happens. The kernel finds the two on the hub after the third: names
// follow the ports all the same.
func TestIdenticalUPSes(t *testing.T) {
	device := zeroSerial(t)
	m := trio{boot(t, setup{devices: []string{device, device, device}, hubs: []string{"1"}, ports: []string{"1.1", "1.2", "2"}}),
		map[string]int{"ups": 11, "ups2": 22, "ups3": 33}}
	for i, load := range []int{11, 22, 33} {
		m.do(m.UPS[i], fmt.Sprintf("load %d", load))
	}
	m.each("ups", "ups2", "ups3")
	for _, l := range m.Console.Lines() {
		t.Log(l.Text)
	}
	if got := strings.Fields(m.upsc("-l", m.Addr("nut"))); len(got) != 3 {
		t.Errorf("upsc -l printed %q", got)
	}
}
