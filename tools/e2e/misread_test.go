package e2e

import (
	"fmt"
	"strings"
	"time"
)

// A serial number that the kernel reads wrong, once, while the UPS is plugged in: the UPS is served under its own name all the same, and nothing stays of
// the one that never was.
func testMisreadSerial(m *machine) {
	t := m.t
	v := m.watch("ups")
	v.expect("OL")
	misread := false
	for after := 6; after <= 20 && !misread; after++ { // the kernel asks for the serial number after some other things
		mark, struck := m.Console.Mark(), m.UPS[0].Struck()
		m.do(m.UPS[0], fmt.Sprintf("fault short enumeration after %d times 1", after))
		m.do(m.UPS[0], "reset")
		for end := time.Now().Add(patience); m.UPS[0].Struck() == struck; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("after %d: nothing was spoiled", after)
			}
		}
		if _, err := v.recovered(m, patience); err != nil {
			t.Fatalf("after %d: %v", after, err)
		}
		m.do(m.UPS[0], "fault none")
		for _, l := range m.Console.Lines()[mark:] {
			if strings.Contains(l.Text, "has read the serial number of a device wrong") {
				misread = true
				t.Log(l.Text)
				break
			}
		}
	}
	if !misread {
		t.Error("the serial number was never read wrong")
	}
	if got := strings.Fields(m.upsc("-l", m.Addr("nut"))); len(got) != 1 {
		t.Errorf("upsc -l printed %q", got)
	}
	if got := m.pids("usbhid-ups"); len(got) != 1 {
		t.Errorf("%d drivers run", len(got))
	}
}
