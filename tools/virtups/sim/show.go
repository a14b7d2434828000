package sim

import (
	"fmt"
	"strings"
	"time"
)

func (u *UPS) doStatus([]string) ([]string, error) {
	plug := "plugged in"
	if !u.host.Plugged() {
		plug = "unplugged"
	}
	return []string{
		fmt.Sprintf("%s (%04x:%04x), USB %s, speed %g", strings.TrimSpace(u.desc.Manufacturer+" "+u.desc.Model),
			u.desc.Vendor, u.desc.Product, plug, u.speed),
		u.powerLine(), u.batteryLine(), u.loadLine(),
	}, nil
}

func (u *UPS) powerLine() string {
	m := u.unit
	state := "off"
	switch {
	case m.Mains && m.LineGood():
		state = fmt.Sprintf("%.0f V", m.InputVolts)
	case m.Mains:
		state = fmt.Sprintf("%.0f V, outside of %.0f to %.0f V", m.InputVolts, m.LowTransfer, m.HighTransfer)
	}
	switch {
	case m.Boosting():
		state += ", boosted"
	case m.Bucking():
		state += ", bucked"
	}
	return "Mains:   " + state
}

func (u *UPS) batteryLine() string {
	m := u.unit
	words := []string{
		fmt.Sprintf("%.0f %%", m.Charge), fmt.Sprintf("%.1f V", m.BatteryVolts()), "lasts " + m.Runtime().Round(time.Second).String(),
	}
	for _, w := range []struct {
		on   bool
		word string
	}{
		{m.Charging(), "charging"}, {m.OnBattery(), "discharging"}, {m.Testing(), "under test"}, {m.Low(), "low"},
		{m.Worn, "to be replaced"},
	} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return "Battery: " + strings.Join(words, ", ")
}

func (u *UPS) loadLine() string {
	m := u.unit
	words := []string{fmt.Sprintf("%.0f %%, %.0f W", m.OutputLoad(), outputWatts(m))}
	switch {
	case m.Waiting():
		words = []string{"without power, waits for the mains"}
	case !m.Output:
		words = []string{"without power"}
	}
	if m.Overloaded() {
		words = append(words, "overload")
	}
	for _, t := range []struct {
		left time.Duration
		what string
	}{{m.Shutdown, "loses power in "}, {m.Reboot, "is power-cycled in "}} {
		if t.left >= 0 {
			words = append(words, t.what+t.left.Round(time.Second).String())
		}
	}
	return "Load:    " + strings.Join(words, ", ")
}

func (u *UPS) doCuts([]string) ([]string, error) {
	var lines []string
	for _, c := range u.unit.Cuts {
		lines = append(lines, fmt.Sprintf("after %s: %s", c.At.Round(time.Second), c.Reason))
	}
	if lines == nil {
		lines = []string{"The load never lost power."}
	}
	return lines, nil
}
