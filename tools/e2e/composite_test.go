package e2e

import (
	"regexp"
	"testing"
	"time"
)

// A UPS that is a serial port and media keys besides is found by its report descriptor, on its fourth interface, by polling and by interrupt.
func TestComposite(t *testing.T) {
	m := bootReady(t, setup{devices: []string{"composite-600"}})
	vars := m.vars("ups")
	for name, want := range map[string]string{
		"ups.status": "OL", "ups.model": "Composite 600", "ups.productid": "0003", "battery.voltage.nominal": "12.0", "device.type": "ups",
	} {
		if vars[name] != want {
			t.Errorf("%s is %q, want %q", name, vars[name], want)
		}
	}
	ctx, cancel := within(t, patience)
	defer cancel()
	for _, opened := range []string{"interface=2", "interface=3"} {
		if _, _, err := m.Console.Await(ctx, 0, regexp.MustCompile(`device opened.* `+opened+`\b`)); err != nil {
			t.Errorf("the log does not tell of %s: %v", opened, err)
		}
	}
	u := m.UPS[0]
	m.do(u, "mains off")
	m.awaitAnswer("ups", "ups.status", `^OB DISCHRG`, 3*time.Second)
	m.do(u, "mains on")
	m.awaitAnswer("ups", "ups.status", `^OL`, 3*time.Second)
}
