package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/model"
	"github.com/upscard/upscard/tools/virtups/sim"
)

const owners = `
[users.owner]
password = "owners-own"
actions = "SET"
instcmds = "ALL"

[users.guest]
password = "guest"
`

// Reports of the project's own UPS.
const shutdownReport = 0x11

// order runs upscmd or upsrw as a user, with -w for the outcome, and returns what it printed.
func (m *machine) order(user, password, client string, args ...string) string {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	args = append([]string{"-u", user, "-p", password, "-w"}, args...)
	out, _ := exec.CommandContext(ctx, client, args...).CombinedOutput()
	return strings.TrimSpace(string(out))
}

// TestOrders has Debian's upscmd and upsrw order what the UPS can do, and looks at the UPS whether it was done. Nothing but an order for the load
// cuts it.
func TestOrders(t *testing.T) {
	m := bootReady(t, setup{config: owners, ordered: true})
	ups, at := m.UPS[0], "ups@"+m.Addr("nut")
	owner := func(client string, args ...string) string { return m.order("owner", "owners-own", client, args...) }
	uncut := func() {
		t.Helper()
		if cuts := ups.Model().Cuts; len(cuts) > 0 {
			t.Fatalf("the load was cut: %+v", cuts)
		}
	}
	succeeds := func(client string, args ...string) {
		t.Helper()
		if got := owner(client, args...); !strings.HasSuffix(got, "SUCCESS") {
			t.Errorf("%s %q: %s", client, args, got)
		}
	}
	fails := func(want, client string, args ...string) {
		t.Helper()
		if got := owner(client, args...); !strings.Contains(got, want) {
			t.Errorf("%s %q: %s, want %s", client, args, got, want)
		}
	}

	if got := m.order("guest", "guest", "upscmd", at, "load.off"); !strings.Contains(got, "ACCESS-DENIED") {
		t.Errorf("a guest's load.off: %s", got)
	}
	if got := m.order("owner", "wrong", "upscmd", at, "load.off"); !strings.Contains(got, "ACCESS-DENIED") {
		t.Errorf("load.off with a wrong password: %s", got)
	}
	if writes := ups.Writes(); len(writes) > 0 {
		t.Fatalf("written without an order: %x", writes[0].Data)
	}

	succeeds("upscmd", at, "beeper.disable")
	if got := ups.Model().Alarm; got != model.AlarmDisabled {
		t.Errorf("the beeper is %v", got)
	}
	m.awaitAnswer("ups", "ups.beeper.status", "^disabled$", patience)
	succeeds("upsrw", "-s", "battery.charge.low=35", at)
	m.awaitAnswer("ups", "battery.charge.low", "^35$", patience)
	if got := ups.Model().LowCharge; got != 35 {
		t.Errorf("low charge is %v", got)
	}
	fails("INVALID-VALUE", "upsrw", "-s", "battery.charge.low=101", at)
	fails("READONLY", "upsrw", "-s", "battery.charge=50", at)
	fails("CMD-NOT-SUPPORTED", "upscmd", at, "calibrate.start")

	succeeds("upscmd", at, "test.battery.start.quick")
	m.awaitAnswer("ups", "ups.test.result", "^In progress$", patience)
	succeeds("upscmd", at, "test.battery.stop")
	m.awaitAnswer("ups", "ups.test.result", "^Aborted$", patience)
	uncut()

	// A delay that runs is seen, and stopped.
	succeeds("upscmd", at, "load.off.delay", "600")
	m.awaitAnswer("ups", "ups.timer.shutdown", `^[56]\d\d$`, patience)
	succeeds("upscmd", at, "shutdown.stop")
	m.awaitAnswer("ups", "ups.timer.shutdown", "^-1$", patience)
	uncut()

	// What the UPS does not do has failed, and was asked for once.
	for _, fault := range []sim.Fault{sim.FaultIgnore, sim.FaultStall} {
		before := len(ups.Writes())
		ups.SetFault(shutdownReport, fault)
		fails("FAILED", "upscmd", at, "load.off.delay", "7")
		ups.SetFault(shutdownReport, sim.FaultNone)
		if got := len(ups.Writes()) - before; got > 1 {
			t.Errorf("written %d times", got)
		}
	}
	uncut()

	succeeds("upsrw", "-s", "ups.delay.shutdown=2", at)
	succeeds("upscmd", at, "load.off.delay")
	for begin := time.Now(); len(ups.Model().Cuts) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("the load was never cut")
		}
	}
	if cut := ups.Model().Cuts[0]; !cut.Ordered || !strings.Contains(cut.Reason, "wrote report") {
		t.Errorf("the load was cut by %+v", cut)
	}
}
