package e2e

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// With no configuration at all there is one UPS, its name is ups, and what upsc prints is what the device holds.
func testZeroConfiguration(m *machine) {
	t := m.t
	if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
		t.Errorf("upsc -l printed %q, want %q", got, "ups")
	}
	vars := m.vars("ups")
	compare(t, vars, m.UPS[0])
	for name, want := range map[string]string{
		"ups.status": "OL", "ups.mfr": "upscard", "ups.model": "Virtual UPS 1500", "ups.serial": "VU1500-0001",
		"ups.vendorid": "1209", "ups.productid": "0001", "device.type": "ups", "driver.name": "usbhid-ups",
	} {
		if got, _, _ := strings.Cut(vars[name], " "+"CHRG"); got != want {
			t.Errorf("%s is %q, want %q", name, vars[name], want)
		}
	}
}

// held names the field of the device, as HID PDC 1.0 calls it, from which each variable must come.
var held = map[string]string{
	"battery.charge":          "UPS.PowerSummary.RemainingCapacity",
	"battery.charge.low":      "UPS.PowerSummary.RemainingCapacityLimit",
	"battery.charge.warning":  "UPS.PowerSummary.WarningCapacityLimit",
	"battery.runtime":         "UPS.PowerSummary.RunTimeToEmpty",
	"battery.runtime.low":     "UPS.PowerSummary.RemainingTimeLimit",
	"battery.voltage":         "UPS.PowerSummary.Voltage",
	"battery.voltage.nominal": "UPS.PowerSummary.ConfigVoltage",
	"input.voltage":           "UPS.Input.Voltage",
	"input.voltage.nominal":   "UPS.Input.ConfigVoltage",
	"input.frequency":         "UPS.Input.Frequency",
	"input.transfer.low":      "UPS.Input.LowVoltageTransfer",
	"input.transfer.high":     "UPS.Input.HighVoltageTransfer",
	"output.voltage":          "UPS.Output.Voltage",
	"ups.load":                "UPS.Output.PercentLoad",
	"ups.power.nominal":       "UPS.Flow.ConfigApparentPower",
	"ups.realpower.nominal":   "UPS.Flow.ConfigActivePower",
	"ups.timer.shutdown":      "UPS.PowerSummary.DelayBeforeShutdown",
	"ups.timer.start":         "UPS.PowerSummary.DelayBeforeStartup",
}

// compare checks every variable of which the device holds the source, and that not too few do.
func compare(t *testing.T, vars map[string]string, u *sim.UPS) {
	t.Helper()
	fields := map[string]sim.Value{}
	for _, v := range u.Values() {
		if v.Kind == hid.Feature {
			fields[v.Path.String()] = v
		}
	}
	compared := 0
	for name, path := range held {
		field, ok := fields[path]
		if !ok {
			continue
		}
		got, err := strconv.ParseFloat(vars[name], 64)
		if err != nil {
			t.Errorf("%s is %q, but the device holds %s = %g", name, vars[name], path, field.Physical)
			continue
		}
		// What upsc prints has one decimal at most; runtime and charge move by themselves.
		if math.Abs(got-field.Physical) > 0.06+0.01*math.Abs(field.Physical) {
			t.Errorf("%s is %s, but the device holds %s = %g", name, vars[name], path, field.Physical)
		}
		compared++
	}
	if compared < 8 {
		t.Errorf("only %d variables could be compared with the device", compared)
	}
}

// The mains fail and come back, and the battery runs low in between, for less long than would make the card begin a shutdown.
func TestOutage(t *testing.T) {
	m := bootReady(t, setup{config: "[ups.ups]\n[monitor]\noblbduration = 600\n"})
	u := m.UPS[0]
	before := len(u.Reports())

	m.do(u, "mains off")
	shown := m.awaitAnswer("ups", "ups.status", `^OB( .*)?DISCHRG`, 3*time.Second)
	if status := m.upsc("ups@"+m.Addr("nut"), "ups.status"); strings.Contains(" "+status+" ", " OL ") {
		t.Errorf("ups.status is %q while on battery", status)
	}
	reports := u.Reports()
	if len(reports) == before {
		t.Fatal("the device sent no interrupt report")
	}
	t.Logf("interrupt report to upsc: %v (upsc itself included)", shown.Sub(reports[before].Sent).Round(time.Millisecond))

	m.do(u, "battery 5")
	m.awaitAnswer("ups", "ups.status", `^OB( .*)?\bLB\b`, 3*time.Second)
	m.do(u, "mains on")
	m.awaitAnswer("ups", "ups.status", `^OL( .*)?\bCHRG\b`, 3*time.Second)
	m.do(u, "battery 80")
	m.awaitAnswer("ups", "ups.status", `^OL CHRG$`, 10*time.Second)
	m.awaitAnswer("ups", "battery.charge", `^(79|80|81)$`, 10*time.Second)
}

func testUnplugReplug(m *machine) {
	t := m.t
	m.UPS[0].Unplug()
	start := time.Now()
	t.Logf("unplug to DATA-STALE: %v", m.awaitAnswer("ups", "ups.status", `^Error: Data stale$`, 9*time.Second).Sub(start).Round(time.Millisecond))
	if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
		t.Errorf("upsc -l printed %q while unplugged, want %q", got, "ups")
	}
	m.UPS[0].Plug()
	start = time.Now()
	t.Logf("replug to data: %v", m.awaitAnswer("ups", "ups.status", `^OL`, 9*time.Second).Sub(start).Round(time.Millisecond))
	if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
		t.Errorf("upsc -l printed %q after the replug, want %q", got, "ups")
	}
}

// A program that is killed is there again, with a new process, before clients lose patience.
func testKilledProgramsComeBack(m *machine) {
	t := m.t
	for _, program := range []string{"usbhid-ups", "upsd", "upsmon", "netd", "mdnsd", "nisd"} {
		pid := m.pid(program)
		m.shell("kill -9 " + pid)
		start := time.Now()
		m.awaitAnswer("ups", "ups.status", `^OL`, 6*time.Second)
		t.Logf("%s: healed %v after the kill", program, time.Since(start).Round(time.Millisecond))
		if again := m.pid(program); again == pid {
			t.Errorf("%s still is process %s", program, pid)
		}
	}
}

// pid waits until exactly one process has the program's name.
func (m *machine) pid(program string) string {
	m.t.Helper()
	for start := time.Now(); time.Since(start) < patience; {
		if pids := strings.Fields(m.shell("pidof " + program + " || true")); len(pids) == 1 {
			return pids[0]
		}
	}
	m.t.Fatalf("no process %s", program)
	panic("not reached")
}

func TestPowerOff(t *testing.T) {
	for name, order := range map[string]func(*machine){
		"button": func(m *machine) {},
		"shell":  func(m *machine) { fmt.Fprintln(m.Console, "init poweroff") },
	} {
		t.Run(name, func(t *testing.T) {
			m := bootReady(t, setup{})
			mark := m.Console.Mark()
			order(m)
			if name == "button" {
				if !m.Stop(patience) {
					t.Fatalf("the card did not power off by itself: %v", m.Status())
				}
			} else {
				select {
				case <-m.Exited():
				case <-time.After(patience):
					t.Fatal("the card did not power off")
				}
			}
			if err := m.Status(); err != nil {
				t.Error(err)
			}
			var text []string
			for _, l := range m.Console.Lines()[mark:] {
				text = append(text, l.Text)
			}
			console := strings.Join(text, "\n")
			if !strings.Contains(console, "all programs have ended") || !strings.Contains(console, "reboot: Power down") {
				t.Errorf("the end was not in order:\n%s", console)
			}
			if regexp.MustCompile(`(?i)panic|oops|killed`).MatchString(console) {
				t.Errorf("the end was not clean:\n%s", console)
			}
		})
	}
}
