package e2e

import (
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"
)

// quietSpan is how long the card is watched. QUIET=10m is what it promises; without it a shorter span must do.
func quietSpan(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("QUIET")
	if text == "" {
		return 20 * time.Second
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("QUIET: %v", err)
	}
	return span
}

// A card with nothing to do writes nothing to its disk, and says nothing.
func TestQuietCardWritesNothing(t *testing.T) {
	m := bootReady(t, setup{})
	m.settle()
	before := m.sectorsWritten()
	span, mark := quietSpan(t), m.Console.Mark()
	select {
	case <-time.After(span): // what is measured is this span
	case <-m.Exited():
		t.Fatal("the card stopped")
	}
	if said := m.Console.Lines()[mark:]; len(said) > 0 {
		t.Errorf("%d lines on the console: %s", len(said), said[0].Text)
	}
	after := m.sectorsWritten()
	for disk, n := range after {
		t.Logf("%s: %d sectors written since power-on, %d in the last %v", disk, n, n-before[disk], span)
		if n != before[disk] {
			t.Errorf("%d sectors were written to %s in %v", n-before[disk], disk, span)
		}
	}
	if len(after) == 0 {
		t.Error("the card has no disk: nothing was measured")
	}
}

// settle waits until what the start has left to write is written.
func (m *machine) settle() {
	m.t.Helper()
	m.shell("sync")
	select {
	case <-time.After(6 * time.Second): // ext4's commit interval
	case <-m.Exited():
		m.t.Fatal("the card stopped")
	}
}

// sectorsWritten is the kernel's count for each disk with a driver below it (Documentation/admin-guide/iostats.rst, field 7).
func (m *machine) sectorsWritten() map[string]int {
	m.t.Helper()
	written := map[string]int{}
	for _, dir := range strings.Fields(m.shell("find /sys/block -name '[vm][dm]*'")) {
		fields := strings.Fields(m.shell("cat " + dir + "/stat"))
		if len(fields) < 7 {
			m.t.Fatalf("%s/stat: %q", dir, fields)
		}
		n, err := strconv.Atoi(fields[6])
		if err != nil {
			m.t.Fatal(err)
		}
		written[path.Base(dir)] = n
	}
	return written
}

// memoryBudget is what the whole system may take with one UPS, in kB: its root file system, and 3 to 5 MB of its own for each program.
const memoryBudget = 96 << 10

// The system, its root file system in memory included, stays small.
func testMemory(m *machine) {
	t := m.t
	info := map[string]int{}
	for _, line := range strings.Split(m.shell("cat /proc/meminfo"), "\n") {
		name, value, _ := strings.Cut(line, ":")
		info[name], _ = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
	}
	cache := info["Buffers"] + info["Cached"] - info["Shmem"] // can be dropped
	used := info["MemTotal"] - info["MemFree"] - cache
	t.Logf("used %d kB of %d kB, of which %d kB in the memory's file systems; %d kB of cache", used, info["MemTotal"], info["Shmem"], cache)
	if info["MemTotal"] == 0 || used > memoryBudget {
		t.Errorf("the system takes %d kB, over its budget of %d kB", used, memoryBudget)
	}
	pids := map[string]string{"init": "1"}
	for _, program := range []string{"upsd", "upsmon", "netd", "mdnsd", "nisd", "usbhid-ups"} {
		pids[program] = m.pid(program)
	}
	for program, pid := range pids {
		s := m.statusOf(pid)
		t.Logf("%-10s resident %s (of its own %s), peak %s", program, s["VmRSS"], s["RssAnon"], s["VmHWM"])
	}
}
