package e2e

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

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
	need(t, card.Available())
	need(t, debs.Available())
	kernel, err := board.Kernel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	initrd := nutInitrd(t)
	for _, c := range []struct {
		name   string
		device func(*testing.T) *device.Description
		driver string
	}{
		{"cyberpower", func(t *testing.T) *device.Description { return load(t, "cyberpower-cp1300epfclcd") }, often},
		{"apc", func(t *testing.T) *device.Description { return load(t, "apc-bk650m2-ch") }, often},
		{"own", borrowed, often},
	} {
		t.Run(c.name, func(t *testing.T) {
			ups := sim.New(c.device(t), sim.Options{})
			testNUTGuest(t, ups, kernel, initrd, c.driver)
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

// nutInitrd builds the guest's initramfs, from packages that are fetched once.
func nutInitrd(t *testing.T) string {
	t.Helper()
	root, err := nutguest.Packages(t.Context(), "../../images/out/nutguest")
	need(t, err)
	out := filepath.Join(t.TempDir(), "initramfs.cpio")
	if err := nutguest.Build(t.Context(), root, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// shown is what NUT must tell of any of these devices.
var shown = []string{"battery.charge", "battery.runtime", "input.voltage", "ups.load"}

func testNUTGuest(t *testing.T, ups *sim.UPS, kernel, initrd, driver string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir, err := card.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	guest, err := nutguest.Start(card.Config{Kernel: kernel, Initrd: initrd, Dir: dir, UPS: []*sim.UPS{ups}}, driver)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{guest.Card, t}
	t.Cleanup(func() {
		guest.Stop(0)
		if t.Failed() {
			m.showConsole()
		}
	})
	await := func(what string, words ...string) {
		t.Helper()
		vars, err := guest.Await(ctx, what, func(vars map[string]string) bool {
			return stands(vars["ups.status"], words) && len(incoherent(vars, ups.Model())) == 0
		})
		if err != nil {
			t.Fatalf("%v; %s", err, strings.Join(incoherent(vars, ups.Model()), ", "))
		}
	}
	await("the mains", "OL", "!OB")
	m.do(ups, "mains off")
	await("a power failure", "OB", "DISCHRG", "!OL")
	m.do(ups, "battery 5")
	await("a low battery", "OB", "LB")
	m.do(ups, "mains on")
	await("the mains again", "OL", "CHRG", "!LB", "!OB")
	m.do(ups, "unplug")
	if _, err := guest.Await(ctx, "staleness", func(vars map[string]string) bool {
		return strings.Contains(vars["error"], "stale")
	}); err != nil {
		t.Fatal(err)
	}
	m.do(ups, "plug")
	await("the UPS again", "OL")
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
