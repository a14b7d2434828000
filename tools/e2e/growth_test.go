package e2e

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// taken is what a process takes of the card.
type taken struct{ memory, descriptors, threads, goroutines int } // memory in kB

// takenByAll looks at each program, a driver with its seat as in "usbhid-ups 2". Goroutines it leaves out.
func (m *machine) takenByAll() map[string]taken {
	m.t.Helper()
	all := map[string]taken{}
	for _, program := range []string{"init", "upsd", "netd", "mdnsd", "usbhid-ups"} {
		for _, pid := range m.pids(program) {
			s := m.statusOf(pid)
			memory, err1 := strconv.Atoi(strings.TrimSuffix(s["RssAnon"], " kB"))
			threads, err2 := strconv.Atoi(s["Threads"])
			if err1 != nil || err2 != nil {
				m.t.Fatalf("process %s of %s: %v %v", pid, program, err1, err2)
			}
			name := program
			if program == "usbhid-ups" {
				name += " " + m.seatOf(pid)
			}
			all[name] = taken{memory: memory, threads: threads, descriptors: len(strings.Fields(m.shell("ls /proc/" + pid + "/fd")))}
		}
	}
	return all
}

func (m *machine) pids(program string) []string {
	m.t.Helper()
	return strings.Fields(m.shell("pidof " + program + " || true"))
}

// seatOf is the seat that a driver attends to.
func (m *machine) seatOf(pid string) string {
	m.t.Helper()
	words := regexp.MustCompile(`-seat[^0-9]+(\d+)`).FindStringSubmatch(m.shell("cat /proc/" + pid + "/cmdline; echo"))
	if words == nil {
		m.t.Fatalf("process %s has no seat", pid)
	}
	return words[1]
}

// zombies counts the processes that ended and that nobody has waited for (proc(5), stat, field 3).
func (m *machine) zombies() int {
	m.t.Helper()
	return strings.Count(m.shell("cat /proc/[0-9]*/stat || true"), ") Z ")
}

// driverOf is the process that drives a seat.
func (m *machine) driverOf(seat string) string {
	m.t.Helper()
	for _, pid := range m.pids("usbhid-ups") {
		if m.seatOf(pid) == seat {
			return pid
		}
	}
	m.t.Fatalf("seat %s has no driver", seat)
	return ""
}

// goroutines ends a driver with what Go shows of its goroutines (signal 3), and counts them.
func (m *machine) goroutines(seat string) int {
	m.t.Helper()
	pid, mark := m.driverOf(seat), m.Console.Mark()
	m.shell("kill -3 " + pid)
	for start := time.Now(); slices.Contains(m.pids("usbhid-ups"), pid); {
		if time.Since(start) > patience {
			m.t.Fatalf("driver %s did not end", pid)
		}
	}
	count := 0
	for _, l := range m.Console.Lines()[mark:] {
		if regexp.MustCompile(`goroutine \d+.* \[`).MatchString(l.Text) {
			count++
		}
	}
	return count
}

// Bounds of growth over any number of faults.
const (
	mostMemory      = 8 << 10 // kB: Go collects nothing before the heap has 4 MB, and keeps what a burst took
	mostDescriptors = 2
	mostThreads     = 4
	mostGoroutines  = 2

	ofDriver = 3 // descriptors that each further driver is to init and upsd
)

// grew lists what takes more than before, where there are so many more drivers.
func grew(before, after map[string]taken, drivers int) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		b, known := before[name]
		a := after[name]
		if !known {
			all = append(all, fmt.Sprintf("%s was not there before", name))
			continue
		}
		if a.memory-b.memory > mostMemory || a.descriptors-b.descriptors > mostDescriptors+ofDriver*drivers || a.threads-b.threads > mostThreads ||
			a.goroutines-b.goroutines > mostGoroutines {
			all = append(all, fmt.Sprintf("%s grew from %+v to %+v", name, b, a))
		}
	}
	return all
}
