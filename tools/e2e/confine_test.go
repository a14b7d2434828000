package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// confined is one program's sandbox and what can be done in it. Everything else that the probe tries must fail.
type confined struct {
	program string
	duties  []string // each is tried besides what `init confine` alone leaves
	can     []string
	until   map[string]string // by attempt that can be made: the duty that takes it away
}

func sandboxes() []confined {
	return []confined{
		{"upsd", []string{"upsd", "upsd.serving"},
			[]string{"read:/run/confd/upsd.SOURCE.toml", "make-in:/state/upsd", "make-socket", "remove-feed", "remove-control", "socket:unix", "socket:inet", "socket:inet6", "bind-tcp"},
			map[string]string{"socket:inet": "upsd.serving", "socket:inet6": "upsd.serving", "bind-tcp": "upsd.serving"}},
		{"nisd", []string{"nisd", "nisd.serving"},
			[]string{"read:/run/confd/nisd.SOURCE.toml", "make-in:/state/nisd", "make-socket-nisd", "socket:unix", "socket:inet", "socket:inet6", "bind-tcp"},
			map[string]string{"socket:inet": "nisd.serving", "socket:inet6": "nisd.serving", "bind-tcp": "nisd.serving"}},
		{"tlsshim", []string{"tlsshim", "tlsshim.serving"},
			[]string{"read:/run/confd/tlsshim.SOURCE.toml", "make-socket-tlsshim", "socket:unix", "socket:inet", "socket:inet6", "bind-tcp"},
			map[string]string{"socket:inet": "tlsshim.serving", "socket:inet6": "tlsshim.serving", "bind-tcp": "tlsshim.serving"}},
		{"upsmon", []string{"upsmon"}, // nothing of it can be reached; it reaches upsd, and whoever the owner wants to be told
			[]string{"read:/run/confd/upsmon.SOURCE.toml", "read:/run/netd/resolv.conf", "make-in:/state/upsmon", "connect-tcp", "socket:unix", "socket:inet", "socket:inet6"}, nil},
		{"mdnsd", []string{"mdnsd"}, // UDP only
			[]string{"read:/run/confd/mdnsd.SOURCE.toml", "make-in:/state/mdnsd", "socket:unix", "socket:inet", "socket:inet6", "socket:netlink.route"}, nil},
		{"netd", []string{"netd"},
			[]string{"read:/run/confd/netd.SOURCE.toml", "read:/run/netd/resolv.conf", "make-in:/run/netd", "make-in:/state/netd", "set-clock",
				"socket:unix", "socket:inet", "socket:inet6", "socket:packet", "socket:netlink.route"}, nil},
		{"confd", []string{"confd"},
			[]string{"read:/boot/upscard.toml", "make-in:/run/confd", "make-in:/state/confd", "read:/run/confd/upsd.SOURCE.toml", "read:/run/confd/netd.SOURCE.toml",
				"read:/run/confd/upsmon.SOURCE.toml", "read:/run/confd/mdnsd.SOURCE.toml", "read:/run/confd/nisd.SOURCE.toml", "read:/run/confd/tlsshim.SOURCE.toml", "read:/run/confd/usbhid-ups.SOURCE.toml"}, nil},
		{"usbhid-ups.2", []string{"usbhid-ups"}, // another one's device and socket are not its own
			[]string{"read:/run/confd/usbhid-ups.SOURCE.toml", "read:/run/usb/roster", "make-socket", "socket:unix", "socket:netlink.uevent"}, nil},
		{"usbhid-ups.1", []string{"usbhid-ups"},
			[]string{"read:/run/confd/usbhid-ups.SOURCE.toml", "read:/run/usb/roster", "make-socket", "socket:unix", "socket:netlink.uevent",
				"write:/dev/bus/usb/001/002", "remove-socket"}, nil},
	}
}

// From inside each program's sandbox everything is refused but what the program is there for.
func TestConfinement(t *testing.T) {
	m := bootReady(t, setup{config: "[ups.ups]\n", files: map[string][]byte{"probe": forCard(t, "build", "./probe")}})
	source := regexp.MustCompile(`upsd\.(\S+)\.toml`).FindStringSubmatch(m.shell("ls /run/confd"))
	if source == nil {
		t.Fatal("no configuration is in force")
	}
	victims := map[string]string{"upsd": m.pid("netd")}
	for _, c := range sandboxes() {
		m.probeHarmless(c, cmp.Or(victims[c.program], m.pid("upsd")), source[1])
		m.probeDeadly(c)
	}
}

// probeHarmless asserts what can be done, and that every other attempt fails.
func (m *machine) probeHarmless(c confined, victim, source string) {
	m.t.Helper()
	can := slices.Clone(c.can)
	for i := range can {
		can[i] = strings.Replace(can[i], "SOURCE", source, 1)
	}
	for _, duty := range append([]string{"-"}, c.duties...) {
		can = slices.DeleteFunc(can, func(name string) bool { return c.until[name] == duty })
		results := m.probe(c.program, duty, "harmless", victim, source)
		if len(results) < 40 {
			m.t.Errorf("%s, duty %s: only %d attempts", c.program, duty, len(results))
		}
		for _, name := range slices.Sorted(maps.Keys(results)) {
			if done := results[name] == "done"; done != slices.Contains(can, name) {
				m.t.Errorf("%s, duty %s: %s: %s", c.program, duty, name, results[name])
			}
		}
		if duty == "-" { // once is enough, and the files are the sandbox's own
			can = slices.DeleteFunc(can, func(name string) bool { return strings.HasPrefix(name, "remove-") })
		}
	}
}

// probeDeadly asserts that each hostile call ends the process, exec only once the program has tightened its sandbox.
func (m *machine) probeDeadly(c confined) {
	m.t.Helper()
	names := slices.Sorted(maps.Keys(m.probe(c.program, "-", "list")))
	if len(names) < 20 {
		m.t.Errorf("%s: only %q are tried", c.program, names)
	}
	if got := m.probe(c.program, "-", "exec")["exec"]; got != "EACCES" {
		m.t.Errorf("%s: exec: %s, want EACCES", c.program, got)
	}
	last := c.duties[len(c.duties)-1]
	spec := fmt.Sprintf(`s="$(init spec %s)"; `, c.program)
	out := m.shell(spec + fmt.Sprintf(`for a in %s; do init confine "$s" /probe %s $a; echo died $a $?; done`, strings.Join(names, " "), last))
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^died ` + name + ` 159$`).MatchString(out) { // 128 + SIGSYS
			m.t.Errorf("%s: %s did not kill: %s", c.program, name, out)
		}
	}
}

// probe runs the probe in a program's sandbox and returns the results by attempt.
func (m *machine) probe(program, duty string, args ...string) map[string]string {
	m.t.Helper()
	out := m.shell(fmt.Sprintf(`init confine "$(init spec %s)" /probe %s %s`, program, duty, strings.Join(args, " ")))
	results := make(map[string]string)
	for _, line := range regexp.MustCompile(`(?m)^probe (\S+) ?(.*)$`).FindAllStringSubmatch(out, -1) {
		results[line[1]] = line[2]
	}
	return results
}

// Each program runs under its filter, in a way that /proc shows: `init confine` sets one and its own first lines another.
func testFiltersInForce(m *machine) {
	t := m.t
	m.console(0, `nisd: .*msg=listening`)
	for program, filters := range map[string]string{"upsd": "3", "upsmon": "2", "mdnsd": "2", "nisd": "3", "netd": "2", "usbhid-ups": "2"} {
		s := m.status(program)
		if s["Seccomp"] != "2" || s["Seccomp_filters"] != filters {
			t.Errorf("%s: Seccomp %s with %s filters, want 2 with %s", program, s["Seccomp"], s["Seccomp_filters"], filters)
		}
	}
}
