package e2e

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/tools/card"
	"github.com/upscard/upscard/tools/debs"
	"github.com/upscard/upscard/tools/nutguest"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/model"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// often makes NUT read every value often enough for a test.
const often = "  pollinterval = 1\n  pollfreq = 2\n"

// TestNUTsOwnDriver holds the simulated UPS against NUT's usbhid-ups in a guest of its own: what upsc prints there is what the model says.
func TestNUTsOwnDriver(t *testing.T) {
	nut := needNUT(t)
	for _, c := range []struct {
		name   string
		device func(*testing.T) *device.Description
	}{
		{"cyberpower", func(t *testing.T) *device.Description { return load(t, "cyberpower-cp1300epfclcd") }},
		{"apc", func(t *testing.T) *device.Description { return load(t, "apc-bk650m2-ch") }},
		{"own", borrowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			testNUTGuest(t, nut.boot(t, sim.New(c.device(t), sim.Options{}), often))
		})
	}
}

// load is a capture of a real UPS.
func load(t *testing.T, name string) *device.Description {
	t.Helper()
	d, err := device.Load(capture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// borrowed is the project's own UPS under a CyberPower's number: NUT 2.8.0 takes no number that it does not know, and has no option to
// choose a table. That table follows the Power Device Class.
func borrowed(t *testing.T) *device.Description {
	t.Helper()
	d, err := devices.Open(devices.Default)
	if err != nil {
		t.Fatal(err)
	}
	d.Vendor, d.Product = 0x0764, 0x0601
	return d
}

// debianNUT is what guests with Debian's NUT are booted from.
type debianNUT struct{ kernel, initrd string }

// needNUT builds the guest's initramfs, from packages that are fetched once.
func needNUT(t *testing.T) debianNUT {
	t.Helper()
	need(t, card.Available())
	need(t, debs.Available())
	_, err := exec.LookPath("upsc")
	need(t, err)
	kernel, err := board.Kernel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	root, err := nutguest.Packages(t.Context(), "../../images/out/nutguest")
	need(t, err)
	initrd := filepath.Join(t.TempDir(), "initramfs.cpio")
	if err := nutguest.Build(t.Context(), root, initrd); err != nil {
		t.Fatal(err)
	}
	return debianNUT{kernel, initrd}
}

// boot starts a guest with the UPS plugged in, and ends it with the test. Driver are lines of ups.conf.
func (n debianNUT) boot(t *testing.T, ups *sim.UPS, driver string) *machine {
	t.Helper()
	dir, err := card.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	guest, err := nutguest.Start(card.Config{Kernel: n.kernel, Initrd: n.initrd, Dir: dir, UPS: []*sim.UPS{ups}}, driver)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{guest, t}
	t.Cleanup(func() {
		m.Stop(0)
		if t.Failed() {
			m.showConsole()
		}
	})
	return m
}

// shown is what NUT must tell of any of these devices.
var shown = []string{"battery.charge", "battery.runtime", "input.voltage", "ups.load"}

func testNUTGuest(t *testing.T, m *machine) {
	ups := m.UPS[0]
	await := func(words ...string) {
		t.Helper()
		var vars map[string]string
		for start := time.Now(); time.Since(start) < patience; time.Sleep(pace) {
			vars = m.vars("ups")
			if stands(vars["ups.status"], words) && len(incoherent(vars, ups.Model())) == 0 {
				return
			}
		}
		t.Fatalf("no %v, but %v; %s", words, vars, strings.Join(incoherent(vars, ups.Model()), ", "))
	}
	await("OL", "!OB")
	m.do(ups, "mains off")
	await("OB", "DISCHRG", "!OL")
	m.do(ups, "battery 5")
	await("OB", "LB")
	m.do(ups, "mains on")
	await("OL", "CHRG", "!LB", "!OB")
	m.do(ups, "unplug")
	m.awaitAnswer("ups", "ups.status", "^Error: Data stale$", patience)
	m.do(ups, "plug")
	await("OL")
	if writes := ups.Writes(); len(writes) != 0 {
		t.Errorf("NUT wrote to the UPS: %v", writes)
	}
	if unit := ups.Model(); len(unit.Cuts) != 0 {
		t.Errorf("the load lost power: %v", unit.Cuts)
	}
}

// stands reports whether a status has every word, and none that is given with a "!".
func stands(status string, words []string) bool {
	for _, w := range words {
		word, unwanted := strings.CutPrefix(w, "!")
		if slices.Contains(strings.Fields(status), word) == unwanted {
			return false
		}
	}
	return status != ""
}

// incoherent lists where what upsc printed differs from the model. What NUT does not show of a device is left out.
func incoherent(vars map[string]string, unit model.Unit) []string {
	var all []string
	for _, name := range shown {
		if vars[name] == "" {
			all = append(all, name+" is missing")
		}
	}
	for _, v := range []struct {
		name        string
		want, slack float64
	}{
		{"battery.charge", unit.Charge, 1},
		{"battery.runtime", unit.Runtime().Seconds(), 15},
		{"battery.voltage", unit.BatteryVolts(), 0.2},
		{"battery.voltage.nominal", unit.Rating.BatteryVolts, 0.1},
		{"input.voltage", unit.LineVolts(), 1},
		{"output.voltage", unit.OutputVolts(), 1},
		{"ups.load", unit.OutputLoad(), 1},
	} {
		text, told := vars[v.name]
		got, err := strconv.ParseFloat(text, 64)
		if told && (err != nil || math.Abs(got-v.want) > v.slack) {
			all = append(all, fmt.Sprintf("%s is %q, want %.1f", v.name, text, v.want))
		}
	}
	return all
}
