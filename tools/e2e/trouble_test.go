package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A device that answers nothing any more goes stale, is asked again without haste, and is back when it answers.
func testSilentDevice(m *machine) {
	t := m.t
	driver := m.pid("usbhid-ups")
	m.do(m.UPS[0], "fault silence")
	start := time.Now()
	stale := m.awaitAnswer("ups", "ups.status", `^Error: Data stale$`, patience)
	t.Logf("silence to DATA-STALE: %v", stale.Sub(start).Round(time.Millisecond))

	before := m.cpuTicks(driver)
	select {
	case <-time.After(5 * time.Second): // what is measured is this span, whatever happens in it
	case <-m.Exited():
		t.Fatal("the card stopped")
	}
	// A loop without a pause would take 500; emulation on a busy machine makes every wake-up dear.
	if spent := m.cpuTicks(driver) - before; spent > 250 {
		t.Errorf("the driver took %d0 ms of processor time in 5 s while the device was silent", spent)
	}
	m.do(m.UPS[0], "fault none")
	start = time.Now()
	t.Logf("answers again to data: %v", m.awaitAnswer("ups", "ups.status", `^OL`, patience).Sub(start).Round(time.Millisecond))
}

// cpuTicks is the processor time that a process has used, in hundredths of a second (proc(5), stat, fields 14 and 15).
func (m *machine) cpuTicks(pid string) int {
	m.t.Helper()
	_, after, _ := strings.Cut(m.shell("cat /proc/"+pid+"/stat"), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		m.t.Fatalf("process %s is gone", pid)
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		m.t.Fatalf("/proc/%s/stat: %v %v", pid, err1, err2)
	}
	return user + system
}

// One garbage interrupt report does not make a power failure: what the device then says itself counts.
func testGarbageReport(m *machine) {
	t := m.t
	for range 20 {
		m.do(m.UPS[0], "report 0x20 20ffff")
		m.do(m.UPS[0], "report 0x20 auto")
		status := m.upsc("ups@"+m.Addr("nut"), "ups.status")
		if regexp.MustCompile(`\b(OB|LB|OVER|RB|OFF|FSD)\b`).MatchString(status) {
			t.Fatalf("a garbage report made ups.status %q", status)
		}
	}
	if n := len(m.UPS[0].Reports()); n < 20 {
		t.Errorf("only %d interrupt reports were sent", n)
	}
}

// A status report whose bits are all set, read after read, never ends a power failure: the last good status is kept, then it is stale.
func testGarbageDuringOutage(m *machine) {
	t := m.t
	m.do(m.UPS[0], "mains off")
	m.awaitAnswer("ups", "ups.status", `^OB\b`, patience)
	m.do(m.UPS[0], "fault garbage 0x20")
	honest := regexp.MustCompile(`^(OB\b.*|Error: Data stale)$`)
	seen := map[string]int{}
	for start := time.Now(); time.Since(start) < 8*time.Second; {
		status := m.upsc("ups@"+m.Addr("nut"), "ups.status")
		if seen[status]++; !honest.MatchString(status) || regexp.MustCompile(`\bOL\b`).MatchString(status) {
			t.Fatalf("garbage during an outage made ups.status %q", status)
		}
	}
	if t.Logf("answers: %v", seen); seen["Error: Data stale"] == 0 {
		t.Error("the status never went stale")
	}
	m.do(m.UPS[0], "fault none")
	m.awaitAnswer("ups", "ups.status", `^OB\b`, patience)
	m.do(m.UPS[0], "mains on")
	m.awaitAnswer("ups", "ups.status", `^OL\b`, 3*time.Second)
}

// A report descriptor that breaks off: the driver says where. It reads what came before, and where that does not tell of the mains nothing is fresh.
func TestTruncatedDescriptor(t *testing.T) {
	m := boot(t, setup{devices: []string{truncatedDevice(t)}})
	ctx, cancel := within(t, patience)
	defer cancel()
	line, _, err := m.Console.Await(ctx, 0, regexp.MustCompile(`usbhid-ups.*descriptor.*(byte|offset)`))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(line.Text)
	m.awaitAnswer("ups", "battery.charge", `^Error: Data stale$`, patience)
	select {
	case <-time.After(5 * time.Second): // what is measured is this span
	case <-m.Exited():
		t.Fatal("the card stopped")
	}
	if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); got != "Error: Data stale" {
		t.Errorf("ups.status is %q, but no report tells of the mains", got)
	}
}

// truncatedDevice describes a UPS whose report descriptor ends in the middle of an item, behind its first fields.
func truncatedDevice(t *testing.T) string {
	const charge = "05840904a1010924a102" + // Power Device page, UPS, PowerSummary
		"85010585" + "0966" + "15002564" + "7508" + "9501" + "b102" + // report 1: RemainingCapacity, Feature
		"8502" + "0568" // report 2, and a usage page
	file := filepath.Join(t.TempDir(), "truncated.toml")
	text := `schema = "ups-hid-capture/1"
vendor_id = 0x1209
product_id = 0x0002
manufacturer = "upscard"
product = "Truncated"
serial = "T1"
report_descriptor = "` + charge + `27ffff"
[reports.feature]
0x01 = "0155"
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
