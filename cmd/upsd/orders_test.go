package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
)

const operator = `
[users.op]
password = "op-secret"
actions = "SET"
instcmds = "ALL"
[users.web]
password = "secret"
`

// operatorOfNUT is operator in the words of upsd.users.
const operatorOfNUT = `
[op]
	password = op-secret
	actions = SET
	instcmds = ALL
[web]
	password = secret
`

// TestOrders lets Debian's upscmd and upsrw order things of a driver of NUT's through us, and through NUT's upsd: they say the same.
func TestOrders(t *testing.T) {
	nuttest.Program(t, "upscmd")
	bench := nuttest.New(t)
	driver := bench.DummyUPS("dum", "ups.status: OL\nups.id: here\n")
	u := start(t, operator, "-run", bench.Dir)
	u.expect("GET VAR dum ups.id", "VAR dum ups.id \"here\"\n")
	reference := bench.Upsd(operatorOfNUT)
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(10 * time.Millisecond) {
		if out, err := nuttest.Upsc(t, "dum@"+reference, "ups.id"); err == nil && out == "here\n" {
			break
		}
	}

	run := func(program, want string, args ...string) {
		t.Helper()
		var said []string
		for _, addr := range []string{u.addr, reference} {
			args := append(slices.Clone(args), "dum@"+addr)
			if n := len(args); program == "upscmd" { // the command stands behind the UPS
				args[n-1], args[n-2] = args[n-2], args[n-1]
			}
			out, err := nuttest.Run(t, program, args...)
			said = append(said, fmt.Sprint(out, err))
		}
		if !strings.Contains(said[0], want) || said[0] != said[1] {
			t.Errorf("%s %q: %q, want %q; NUT's upsd %q", program, args, said[0], want, said[1])
		}
	}
	if out, err := nuttest.Run(t, "upscmd", "-l", "dum@"+u.addr); err != nil || !strings.Contains(out, "load.off - Switches the load off at once") {
		t.Errorf("%q, %v", out, err)
	}
	run("upscmd", "OK\n", "-u", "op", "-p", "op-secret", "load.off")
	run("upscmd", "ERR UNKNOWN", "-w", "-u", "op", "-p", "op-secret", "load.off") // which dummy-ups offers and does not know
	run("upscmd", "CMD-NOT-SUPPORTED", "-u", "op", "-p", "op-secret", "load.on")
	run("upscmd", "ACCESS-DENIED", "-u", "op", "-p", "wrong-secret", "load.off")
	run("upscmd", "ACCESS-DENIED", "-u", "web", "-p", "secret", "load.off")

	const shown = "[ups.id]\nName given to the UPS\nType: STRING\nMaximum length: 16\nValue: here\n"
	if out, err := nuttest.Run(t, "upsrw", "dum@"+u.addr); err != nil || !strings.Contains(out, shown) {
		t.Errorf("%q, %v", out, err)
	}
	run("upsrw", "SUCCESS", "-w", "-s", "ups.id=Data room", "-u", "op", "-p", "op-secret")
	u.expect("GET VAR dum ups.id", "VAR dum ups.id \"Data room\"\n")
	run("upsrw", "OK\n", "-s", "ups.id=rack", "-u", "op", "-p", "op-secret")
	u.expect("GET VAR dum ups.id", "VAR dum ups.id \"rack\"\n")
	run("upsrw", "TOO-LONG", "-s", "ups.id=12345678901234567", "-u", "op", "-p", "op-secret")
	run("upsrw", "VAR-NOT-SUPPORTED", "-s", "no.such=1", "-u", "op", "-p", "op-secret")
	run("upsrw", "READONLY", "-s", "driver.name=x", "-u", "op", "-p", "op-secret")
	run("upsrw", "ACCESS-DENIED", "-s", "ups.id=x", "-u", "web", "-p", "secret")

	// A driver that is killed in the middle of an order: an error, not silence.
	if err := driver.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c := u.dial()
	c.say("USERNAME op\nPASSWORD op-secret\nSET TRACKING ON\nSET VAR dum ups.id never\n")
	c.expect("OK\nOK\nOK\n")
	id := strings.TrimSuffix(strings.TrimPrefix(c.line(), "OK TRACKING "), "\n")
	c.say("GET TRACKING " + id + "\n")
	c.expect("PENDING\n")
	if err := driver.Kill(); err != nil {
		t.Fatal(err)
	}
	got := "PENDING\n"
	for begin := time.Now(); got == "PENDING\n" && time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		c.say("GET TRACKING " + id + "\n")
		got = c.line()
	}
	if got != "ERR FAILED\n" {
		t.Errorf("killed in the middle: %q", got)
	}
	if strings.Contains(u.log.String(), "secret") {
		t.Error("a password is in the log")
	}
}
