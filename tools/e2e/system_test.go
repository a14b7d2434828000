package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Several UPSes have names in port order, and each its own data.
func TestSeveralUPSes(t *testing.T) {
	m := bootReady(t, setup{devices: []string{"", capture(t, "cyberpower-cp1300epfclcd"), capture(t, "apc-bk650m2-ch")}})
	want := map[string]string{"ups": "Virtual UPS 1500", "ups2": "CP1300EPFCLCD", "ups3": "BK650M2-CH"}
	for name, model := range want {
		m.awaitAnswer(name, "ups.model", "^"+regexp.QuoteMeta(model)+"$", patience)
	}
	if got := strings.Fields(m.upsc("-l", m.Addr("nut"))); len(got) != 3 {
		t.Errorf("upsc -l printed %q", got)
	}
	m.do(m.UPS[1], "mains off")
	m.awaitAnswer("ups2", "ups.status", `^OB`, 3*time.Second)
	for _, other := range []string{"ups", "ups3"} {
		if got := m.upsc(other+"@"+m.Addr("nut"), "ups.status"); !strings.HasPrefix(got, "OL") {
			t.Errorf("ups2 lost its mains, and %s says %q", other, got)
		}
	}
}

func TestConfiguration(t *testing.T) {
	m := boot(t, setup{config: `
listen = ["0.0.0.0:3493"]

[ups.rack]
desc = "Rack, left"
vendorid = "1209"
pollinterval = 1
`})
	m.awaitAnswer("rack", "ups.status", "^OL", patience)
	if got, want := m.upsc("-L", m.Addr("nut")), "rack: Rack, left"; got != want {
		t.Errorf("upsc -L printed %q, want %q", got, want)
	}
	if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); got != "Error: Unknown UPS" {
		t.Errorf("ups is answered with %q", got)
	}
}

// A wrong key is said with its place and the right key, where an owner sees it, and the card serves all the same.
func TestWrongConfiguration(t *testing.T) {
	m := bootReady(t, setup{config: "[ups.rack]\ndescr = \"Rack\"\n"})
	ctx, cancel := within(t, patience)
	defer cancel()
	line, _, err := m.Console.Await(ctx, 0, regexp.MustCompile(`confd: .*/upscard\.toml:2:1: .*descr.*desc`))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(line.Text)
}

// Every program but init has its own user, no way to get more rights, and only the capabilities that it was given.
func testPrivileges(m *machine) {
	t := m.t
	wantCaps := map[string]string{
		"netd":       "0000000002003400", // net_bind_service, net_admin, net_raw, sys_time
		"upsd":       "0000000000000000",
		"upsmon":     "0000000000000000",
		"mdnsd":      "0000000000000000",
		"nisd":       "0000000000000000",
		"usbhid-ups": "0000000000000000",
	}
	uids := map[string]string{}
	for program, caps := range wantCaps {
		s := m.status(program)
		uid := strings.Fields(s["Uid"])[0]
		if uid == "0" || uids[uid] != "" {
			t.Errorf("%s runs as user %s, as %q does", program, uid, uids[uid])
		}
		uids[uid] = program
		if s["NoNewPrivs"] != "1" || s["CapEff"] != caps || s["CapBnd"] != caps || s["CapPrm"] != caps {
			t.Errorf("%s: NoNewPrivs %s, CapEff %s, CapPrm %s, CapBnd %s; want 1 and %s", program, s["NoNewPrivs"], s["CapEff"], s["CapPrm"], s["CapBnd"], caps)
		}
		t.Logf("%-10s user %s, resident %s, peak %s", program, uid, s["VmRSS"], s["VmHWM"])
	}
	pid1 := m.statusOf("1")
	t.Logf("%-10s user 0, resident %s, peak %s", "init", pid1["VmRSS"], pid1["VmHWM"])
	t.Log(m.shell("free"))
}

// Only the configured port is open. Slirp's own traffic needs none.
func testOpenPorts(m *machine) {
	t := m.t
	m.console(0, `nisd: .*msg=listening`) // once the UPS was read
	listening := regexp.MustCompile(`(?m)^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A `)
	var open []string
	for _, table := range []string{"tcp", "tcp6"} {
		for _, l := range listening.FindAllStringSubmatch(m.shell("cat /proc/net/"+table), -1) {
			open = append(open, table+":"+l[1])
		}
	}
	slices.Sort(open) // the kernel has them in the order of a hash
	if got, want := fmt.Sprint(open), "[tcp6:0DA5 tcp6:0DDF]"; got != want {
		t.Errorf("listening on %s, want %s (3493 and 3551, both families)", got, want)
	}
}

func (m *machine) status(program string) map[string]string { return m.statusOf(m.pid(program)) }

// statusOf is /proc/PID/status.
func (m *machine) statusOf(pid string) map[string]string {
	m.t.Helper()
	all := map[string]string{}
	for _, line := range strings.Split(m.shell("cat /proc/"+pid+"/status"), "\n") {
		name, value, _ := strings.Cut(line, ":")
		all[name] = strings.TrimSpace(value)
	}
	return all
}
