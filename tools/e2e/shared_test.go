package e2e

import "testing"

// TestCard holds a card with nothing but its defaults, and one UPS, to what is promised of it. Its parts leave the card as they have found it, so they
// share one, and do not need each other. None lets the battery run low: the card would begin a shutdown, and rightly not take it back.
func TestCard(t *testing.T) {
	m := bootReady(t, setup{})
	for _, part := range []struct {
		name string
		test func(*machine)
	}{
		{"ZeroConfiguration", testZeroConfiguration},
		{"Mounts", testMounts},
		{"Privileges", testPrivileges},
		{"FiltersInForce", testFiltersInForce},
		{"OpenPorts", testOpenPorts},
		{"Memory", testMemory},
		{"UnplugReplug", testUnplugReplug},
		{"APCUPSDProtocol", testAPCUPSDProtocol},
		{"SilentDevice", testSilentDevice},
		{"GarbageReport", testGarbageReport},
		{"GarbageDuringOutage", testGarbageDuringOutage},
		{"MisreadSerial", testMisreadSerial},
		{"MemoryHogDiesAlone", testMemoryHogDiesAlone},
		{"KilledProgramsComeBack", testKilledProgramsComeBack},
	} {
		t.Run(part.name, func(t *testing.T) {
			own := &machine{m.Card, t}
			own.rest()
			part.test(own)
		})
	}
}

// rest brings the UPS back to the mains with a full battery, and waits until clients see that.
func (m *machine) rest() {
	m.t.Helper()
	for _, command := range []string{"fault none", "plug", "mains on", "battery 100"} {
		m.do(m.UPS[0], command)
	}
	m.awaitAnswer("ups", "ups.status", `^OL$`, patience)
	m.awaitAnswer("ups", "battery.charge", `^100$`, patience)
}
