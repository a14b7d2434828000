package e2e

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// taken is what a process takes of the card.
type taken struct {
	memory, threads int            // memory in kB
	descriptors     map[string]int // by what they lead to
	goroutines      map[string]int // by what began them, nil where nobody has looked
}

// String gives the numbers alone.
func (t taken) String() string {
	return fmt.Sprintf("%d kB, %d threads, %d descriptors, %d goroutines", t.memory, t.threads, sum(t.descriptors), sum(t.goroutines))
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// takenByAll looks at each program, a driver with its seat as in "usbhid-ups 2". Goroutines it leaves out.
func (m *machine) takenByAll() map[string]taken {
	m.t.Helper()
	all := map[string]taken{}
	for _, program := range []string{"init", "upsd", "upsmon", "netd", "mdnsd", "nisd", "usbhid-ups"} {
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
			all[name] = taken{memory: memory, threads: threads, descriptors: m.descriptors(pid)}
		}
	}
	return all
}

// descriptors counts a process's open files by what they are, without the numbers that tell one of a kind from another.
func (m *machine) descriptors(pid string) map[string]int {
	m.t.Helper()
	counts := map[string]int{}
	for line := range strings.Lines(m.shell("readlink /proc/" + pid + "/fd/* || true")) {
		if line = strings.TrimSpace(line); line != "" {
			counts[regexp.MustCompile(`\d+`).ReplaceAllString(line, "N")]++
		}
	}
	if len(counts) == 0 {
		m.t.Fatalf("process %s has no open files", pid)
	}
	return counts
}

// processes counts all that run by name, but for the kernel's own, which have no memory.
func (m *machine) processes() map[string]int {
	m.t.Helper()
	counts, name := map[string]int{}, ""
	for line := range strings.Lines(m.shell(`grep -h -e '^(Name|VmSize):' /proc/[0-9]*/status || true`)) {
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "Name":
			name = strings.TrimSpace(value)
		case "VmSize":
			counts[name]++
		}
	}
	if counts["init"] == 0 {
		m.t.Fatalf("no init among the processes %v", counts)
	}
	return counts
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

// pidOf is the process of a program of takenByAll's.
func (m *machine) pidOf(name string) string {
	m.t.Helper()
	program, seat, _ := strings.Cut(name, " ")
	for _, pid := range m.pids(program) {
		if seat == "" || m.seatOf(pid) == seat {
			return pid
		}
	}
	m.t.Fatalf("%s does not run", name)
	return ""
}

// goroutines ends a program with what Go shows of its goroutines (signal 3), and counts them by what began them.
func (m *machine) goroutines(name string) map[string]int {
	m.t.Helper()
	pid, mark := m.pidOf(name), m.Console.Mark()
	m.shell("kill -3 " + pid)
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	// The registers come last, the program counter last but one of them.
	if _, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(`: pc\s+0x`)); err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	var lines []string
	for _, l := range m.Console.Lines()[mark:] {
		lines = append(lines, l.Text)
	}
	counts := begun(lines)
	if len(counts) == 0 {
		m.t.Fatalf("%s showed no goroutine", name)
	}
	return counts
}

// What Go shows of goroutines: a line before each, then its calls from the newest on with their files, and who began it.
var (
	logHead       = regexp.MustCompile(`^\[ *\d+\.\d+\] \S+: `)
	goroutineHead = regexp.MustCompile(`^goroutine \d+ .*\[.*\]:$`)
	callLine      = regexp.MustCompile(`^((?:[\w.-]+/)*\w[\w.-]*\.[^ ]+)\(.*\)$`)
	beginner      = regexp.MustCompile(`^(runtime\.(goexit|main)|sync\.\(\*WaitGroup\)\.Go.*)$`) // begins what others wrote
	createdLine   = regexp.MustCompile(`^created by (\S+)( in goroutine \d+)?$`)
)

// begun counts the goroutines of a dump by the first call of each, and who made it. Those of Go's runtime, such as its garbage collector's, are left out.
func begun(lines []string) map[string]int {
	counts, first := map[string]int{}, ""
	var open bool
	end := func(by string) {
		if open && !strings.HasPrefix(first, "runtime.") {
			counts[strings.ReplaceAll(first+by, "github.com/upscard/upscard/", "")]++
		}
		open, first = false, ""
	}
	for _, line := range lines {
		line = logHead.ReplaceAllString(line, "")
		switch {
		case goroutineHead.MatchString(line):
			end("")
			open = true
		case createdLine.MatchString(line):
			by := createdLine.FindStringSubmatch(line)[1]
			if strings.HasPrefix(by, "sync.") {
				end("")
			} else {
				end(" of " + by)
			}
		case callLine.MatchString(line):
			if call := callLine.FindStringSubmatch(line)[1]; !beginner.MatchString(call) {
				first = call
			}
		}
	}
	end("")
	return counts
}

// Bounds of growth over any number of faults. Of descriptors, goroutines and processes there is none more.
const (
	mostMemory  = 8 << 10 // kB: Go collects nothing before the heap has 4 MB, and keeps what a burst took
	mostThreads = 4       // Go makes one for each call that waits in the kernel, and keeps it
)

// grew lists what takes more than before.
func grew(before, after map[string]taken) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		b, known := before[name]
		a := after[name]
		if !known {
			all = append(all, fmt.Sprintf("%s was not there before", name))
			continue
		}
		if a.memory-b.memory > mostMemory || a.threads-b.threads > mostThreads {
			all = append(all, fmt.Sprintf("%s grew from %v to %v", name, b, a))
		}
		all = append(all, more(name+": descriptors of ", b.descriptors, a.descriptors)...)
		if sum(a.goroutines) > sum(b.goroutines) { // a line of a dump may be broken by another's, and then one is taken for another kind
			all = append(all, more(name+": goroutines of ", b.goroutines, a.goroutines)...)
		}
	}
	return all
}

// more lists what there is more of than before.
func more(what string, before, after map[string]int) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if after[name] > before[name] {
			all = append(all, fmt.Sprintf("%s%s: %d, before %d", what, name, after[name], before[name]))
		}
	}
	return all
}

func TestGrew(t *testing.T) {
	dump := strings.Split(`[   99.100] usbhid-ups.1: SIGQUIT: quit
[   99.101] usbhid-ups.1: PC=0x1 m=0 sigcode=0
[   99.102] usbhid-ups.1: goroutine 1 gp=0x40 m=nil [select, 2 minutes]:
[   99.103] usbhid-ups.1: runtime.gopark(0x1, 0x2)
[   99.104] usbhid-ups.1: 	runtime/proc.go:1 +0x1
[   99.105] usbhid-ups.1: main.main()
[   99.106] usbhid-ups.1: 	github.com/upscard/upscard/cmd/usbhid-ups/main.go:1 +0x1
[   99.106] usbhid-ups.1: runtime.main()
[   99.106] usbhid-ups.1: runtime.goexit({})
[   99.107] usbhid-ups.1: goroutine 7 [chan receive]:
[   99.108] usbhid-ups.1: github.com/upscard/upscard/services/usb.(*Watch).run(0x4000, {0x1, 0x2})
[   99.109] usbhid-ups.1: sync.(*WaitGroup).Go.func1()
[   99.109] usbhid-ups.1: runtime.goexit({})
[   99.110] upsd: level=INFO msg=state
[   99.111] usbhid-ups.1: created by sync.(*WaitGroup).Go in goroutine 1
[   99.112] usbhid-ups.1: goroutine 8 [IO wait]:
[   99.113] usbhid-ups.1: net.(*conn).Read(...)
[   99.114] usbhid-ups.1: github.com/upscard/upscard/services/driversock.read.func1()
[   99.115] usbhid-ups.1: created by github.com/upscard/upscard/services/driversock.serve in goroutine 7
[   99.116] usbhid-ups.1: goroutine 9 [GC worker (idle)]:
[   99.117] usbhid-ups.1: runtime.gcBgMarkWorker(0x1)
[   99.117] usbhid-ups.1: runtime.goexit({})
[   99.118] usbhid-ups.1: created by runtime.gcBgMarkStartWorkers in goroutine 1
[   99.119] usbhid-ups.1: r0 0x1`, "\n")
	want := map[string]int{"main.main": 1, "services/usb.(*Watch).run": 1, "services/driversock.read.func1 of services/driversock.serve": 1}
	got := begun(dump)
	if !maps.Equal(got, want) {
		t.Errorf("goroutines %v, want %v", got, want)
	}
	before := map[string]taken{"init": {descriptors: map[string]int{"pipe:[N]": 4}}, "usbhid-ups 1": {goroutines: got, descriptors: map[string]int{}}}
	leaky := maps.Clone(got)
	leaky["services/usb.(*Watch).run"]++
	after := map[string]taken{
		"init":         {descriptors: map[string]int{"pipe:[N]": 5}},
		"usbhid-ups 1": {goroutines: leaky, descriptors: map[string]int{"/dev/bus/usb/N/N": 1}, memory: mostMemory + 1},
		"usbhid-ups 2": {},
	}
	const named = "init: descriptors of pipe:[N]: 5, before 4; usbhid-ups 1 grew from 0 kB, 0 threads, 0 descriptors, 3 goroutines to 8193 kB, 0 threads, " +
		"1 descriptors, 4 goroutines; usbhid-ups 1: descriptors of /dev/bus/usb/N/N: 1, before 0; usbhid-ups 1: goroutines of services/usb.(*Watch).run: 2, before 1; " +
		"usbhid-ups 2 was not there before"
	if text := strings.Join(grew(before, after), "; "); text != named {
		t.Errorf("it grew by\n%s, want\n%s", text, named)
	}
}
