package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// keptRAM has the kernel keep its last log in the topmost memory, which it is not told of otherwise.
var keptRAM = setup{memory: 512, append: []string{"mem=480M", "ramoops.mem_address=0x5f000000", "ramoops.mem_size=0x100000",
	"ramoops.record_size=0x20000", "ramoops.console_size=0x20000", "ramoops.ecc=1"}}

// console waits for a line from mark on.
func (m *machine) console(mark int, want string) string {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	line, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(want))
	if err != nil {
		m.t.Fatal(err)
	}
	return line.Text
}

// Programs that hang (signal 19 is SIGSTOP, which this kill knows by number only) are killed and started again, each once. The others do not notice: not those
// that live on what upsd says, nor upsd when all others hang.
func TestHungProgramIsHealed(t *testing.T) {
	m := bootReady(t, setup{})
	all := []string{"upsd", "usbhid-ups", "upsmon", "netd", "mdnsd", "nisd"}
	for _, hung := range [][]string{all[:1], all[1:]} {
		before, mark := make(map[string]string), m.Console.Mark()
		for _, program := range all {
			before[program] = m.pid(program)
		}
		for _, program := range hung {
			m.shell("kill -19 " + before[program])
		}
		start := time.Now()
		for _, program := range hung {
			t.Log(m.console(mark, `program hangs, killed.* program=`+program))
		}
		if seen := time.Since(start); seen > 25*time.Second {
			t.Errorf("%q hung for %v", hung, seen)
		}
		m.awaitAnswer("ups", "ups.status", `^OL`, patience)
		t.Logf("%q: healed %v after they were stopped", hung, time.Since(start).Round(time.Millisecond))
		for _, program := range all {
			if slices.Contains(hung, program) {
				m.until(program+" is another process", func() bool { return m.pid(program) != before[program] })
			} else if again := m.pid(program); again != before[program] {
				t.Errorf("%q hung, and %s was started again", hung, program)
			}
		}
		killed := 0
		for _, l := range m.Console.Lines()[mark:] {
			if strings.Contains(l.Text, "program hangs, killed") {
				killed++
			}
		}
		if killed != len(hung) {
			t.Errorf("%q hung: %d were killed", hung, killed)
		}
	}
}

// A crash loop is said once, slows down, and is nobody else's.
func TestCrashLoopLeavesOthersAlone(t *testing.T) {
	m := bootReady(t, setup{})
	upsd, driver, mark := m.pid("upsd"), m.pid("usbhid-ups"), m.Console.Mark()
	for range 5 { // the pauses double: ten take longer than a minute
		m.shell("kill -9 " + m.pid("netd"))
		if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); !strings.HasPrefix(got, "OL") {
			t.Fatalf("ups.status is %q while netd is in a crash loop", got)
		}
	}
	if m.pid("upsd") != upsd || m.pid("usbhid-ups") != driver {
		t.Error("others were started again too")
	}
	said := 0
	for _, l := range m.Console.Lines()[mark:] {
		if strings.Contains(l.Text, "program ended") && strings.Contains(l.Text, "program=netd") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the crash loop was said %d times", said)
	}
	m.console(mark, `program stays up again.* program=netd`)
}

// The hardware resets a card whose PID 1 stands still.
func TestHungInitIsReset(t *testing.T) {
	m := bootReady(t, setup{})
	mark := m.Console.Mark()
	for _, command := range []string{"mount -t cgroup2 none /sys/fs/cgroup", "mkdir /sys/fs/cgroup/ice", "echo 1 > /sys/fs/cgroup/ice/cgroup.procs"} {
		m.shell(command)
	}
	fmt.Fprintln(m.Console, "echo 1 > /sys/fs/cgroup/ice/cgroup.freeze")
	start := time.Now()
	m.console(mark, `init: started`)
	t.Logf("reset and started again %v after init was frozen", time.Since(start).Round(time.Millisecond))
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)
}

// What ends the kernel or init is in the log that the next run keeps.
func TestLogSurvivesPanic(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"kernel": {"echo c > /proc/sysrq-trigger", `sysrq triggered crash`},
		"init":   {"kill -6 1", `SIGABRT: abort`},
	} {
		t.Run(name, func(t *testing.T) {
			m := bootReady(t, keptRAM)
			m.shell("ls /sys/fs/pstore")
			mark := m.Console.Mark()
			fmt.Fprintln(m.Console, test.command)
			line := m.console(mark, `card did not end in order last time`)
			file := regexp.MustCompile(`file=(\S+)`).FindStringSubmatch(line)[1]
			if !strings.HasPrefix(file, "/state/") {
				t.Errorf("the last log is kept in %s", file)
			}
			m.console(mark, `ready: upsd`)
			for _, want := range []string{test.want, `upsd: level=INFO msg=listening`, `Kernel panic`} {
				// Counted on the card: among the console's own lines a log could not be told from them.
				if got := m.shell(fmt.Sprintf("grep -c '%s' %s || true", want, file)); got == "0" || got == "" {
					t.Errorf("%q is not in the last log", want)
				}
			}
			if left := m.shell("ls /sys/fs/pstore"); left != "" {
				t.Errorf("pstore still has %s", left)
			}
		})
	}
}

// An end that was asked for leaves nothing to keep.
func TestOrderlyRebootKeepsNoLog(t *testing.T) {
	m := bootReady(t, keptRAM)
	mark := m.Console.Mark()
	fmt.Fprintln(m.Console, "init reboot")
	m.console(mark, `init: started`)
	m.console(mark, `ready: upsd`)
	if got := m.shell("ls /sys/fs/pstore; ls /state"); strings.Contains(got, "crash") || strings.Contains(got, "ramoops") {
		t.Errorf("a log was kept: %s", got)
	}
}

// A program that takes all the memory it can get dies alone: of its own limit, or where that is more than there is, by the kernel's choice
// of the largest.
func testMemoryHogDiesAlone(m *machine) {
	t := m.t
	pids := map[string]string{}
	for _, program := range []string{"upsd", "upsmon", "mdnsd", "nisd", "usbhid-ups", "netd"} {
		pids[program] = m.pid(program)
	}
	for _, spec := range []string{"upsd", "usbhid-ups.1"} {
		mark := m.Console.Mark()
		m.shell(fmt.Sprintf(`cat /dev/zero | init confine "$(init spec %s)" /bin/sort || true`, spec))
		text := ""
		for _, l := range m.Console.Lines()[mark:] {
			text += l.Text + "\n"
		}
		// Others write to the console meanwhile, in the middle of a line too; the trace of an allocation that failed says it as well.
		how := regexp.MustCompile(`(?i)out of memory|cannot allocate memory|killed|Killed process.*|runtime\.mallocgc`).FindString(text)
		if how == "" {
			t.Errorf("with the limits of %s the hog says\n%.3000s", spec, text)
		}
		t.Logf("with the limits of %s: %s", spec, how)
		if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); !strings.HasPrefix(got, "OL") {
			t.Errorf("ups.status is %q after it", got)
		}
	}
	for program, pid := range pids {
		if again := m.pid(program); again != pid {
			t.Errorf("%s did not survive: it was process %s, and is %s", program, pid, again)
		}
	}
}
