package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/upscard/upscard/services/sandbox"

	"github.com/upscard/upscard/services/handover"
)

func TestRunByHand(t *testing.T) {
	tests := []struct {
		args string
		kill error
		code int
		sent syscall.Signal
		said string
	}{
		{"", nil, 2, 0, "usage:"},
		{"halt", nil, 2, 0, "usage:"},
		{"reboot now", nil, 2, 0, "usage:"},
		{"confine uid=1", nil, 2, 0, "usage:"},
		{"confine uid=1 /bin/true", nil, 1, 0, "init confine: sandbox: gid: missing"},
		{"poweroff", nil, 0, syscall.SIGUSR2, ""},
		{"reboot", nil, 0, syscall.SIGTERM, ""},
		{"log", nil, 0, syscall.SIGUSR1, ""},
		{"reboot", errors.New("not allowed"), 1, syscall.SIGTERM, "init reboot: not allowed"},
	}
	for _, test := range tests {
		var stderr bytes.Buffer
		var sent syscall.Signal
		code := run(strings.Fields(test.args), io.Discard, &stderr, func(pid int, sig syscall.Signal) error {
			if pid != 1 {
				t.Errorf("init %s: signal to %d", test.args, pid)
			}
			sent = sig
			return test.kill
		})
		if code != test.code || sent != test.sent || !strings.Contains(stderr.String(), test.said) {
			t.Errorf("init %s: code %d, signal %v, %q", test.args, code, sent, stderr.String())
		}
	}
}

func TestCmdline(t *testing.T) {
	tests := []struct {
		cmdline    string
		want       options
		complaints string
	}{
		{"", options{}, ""},
		{"console=ttyAMA0 panic=10 rescue quiet\n", options{}, ""},
		{"upscard.rescue upscard.debug=1", options{rescue: true, debug: true}, ""},
		{"upscard.rescue upscard.rescue=0", options{}, ""},
		{"upscard.watchdog=off", options{noWatchdog: true}, ""},
		{"upscard.watchdog", options{}, "upscard.watchdog: want on or off"},
		{"upscard.hostname=rack-7", options{hostname: "rack-7"}, ""},
		{"upscard.hostname=-x upscard.hostname= upscard.hostname=a.b", options{},
			"upscard.hostname=-x: want letters, digits and inner hyphens, 63 at most; " +
				"upscard.hostname=: want letters, digits and inner hyphens, 63 at most; " +
				"upscard.hostname=a.b: want letters, digits and inner hyphens, 63 at most"},
		{"upscard.rescue=yes upscard.fast", options{}, "upscard.rescue=yes: want 0 or 1; upscard.fast: no such option"},
		{"upscard.hostname=" + strings.Repeat("x", 64), options{},
			"upscard.hostname=" + strings.Repeat("x", 64) + ": want letters, digits and inner hyphens, 63 at most"},
	}
	for _, test := range tests {
		got, complaints := parseCmdline(test.cmdline)
		if got != test.want || strings.Join(complaints, "; ") != test.complaints {
			t.Errorf("%q: got %+v, %q", test.cmdline, got, complaints)
		}
	}
}

// A release takes no word for development, and names all that it was given in one line.
func TestReleaseIgnoresWords(t *testing.T) {
	const cmdline = "quiet upscard.rescue upscard.hostname=x upscard.fast panic=10 upscard.watchdog=off"
	for _, test := range []struct {
		cmdline string
		release bool
		want    options
		said    string
	}{
		{cmdline, true, options{}, `msg="kernel command line: a release ignores what is for development" ` +
			`words="upscard.rescue upscard.hostname=x upscard.fast upscard.watchdog=off"`},
		{"quiet panic=10", true, options{}, ""},
		{cmdline, false, options{hostname: "x", rescue: true, noWatchdog: true}, `word="upscard.fast: no such option"`},
	} {
		j := newJournal()
		got := readOptions(test.cmdline, test.release, j.logger)
		lines := j.ring.Lines()
		if got != test.want || len(lines) > 1 || (test.said == "") != (len(lines) == 0) || test.said != "" && !strings.Contains(lines[0].Text, test.said) {
			t.Errorf("%q, release %v: %+v, said %v", test.cmdline, test.release, got, lines)
		}
	}
}

func TestProgramsAreConfined(t *testing.T) {
	uids := make(map[uint32]string)
	for _, p := range append(programs(handover.Owner, func(p string, _ int) string { return "/state/" + p }), confd("/boot/upscard.toml", "/state/confd"), driver(handover.Owner, 1), driver(handover.Owner, 64)) {
		if other := uids[p.uid]; other != "" || p.uid == 0 {
			t.Errorf("%s has the uid of %s", p.name, other)
		}
		uids[p.uid] = p.name
		s := p.supervised("/init")
		spec, err := sandbox.Parse(s.Command[2])
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if spec.UID != p.uid || len(spec.Files) == 0 || (len(spec.Sockets) == 0) != (p.name == "confd") || len(spec.Capabilities) > 0 && p.name != "netd" {
			t.Errorf("%s runs as %q", p.name, spec)
		}
	}
	got := strings.Join(driver(handover.Owner, 2).supervised("/init").Command, " ")
	want := "/init confine uid=302 gid=302 groups=150,151 limits=core:0,data:369098752,nofile:64,nproc:64 " +
		"files=ro:/run/confd,ro:/run/usb,ro:/sys/bus/usb,ro:/sys/devices,dev:/dev/bus/usb,socket:/run/nut sockets=unix,netlink.uevent " +
		"/bin/usbhid-ups -config /run/confd/usbhid-ups.owner.toml -run /run -ready 3 -seat 2 -allow-uid 101"
	if got != want {
		t.Errorf("driver:\n%s, want\n%s", got, want)
	}
}
