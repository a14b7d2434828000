package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
	"golang.org/x/sys/unix"
)

func TestDriverComesAndGoes(t *testing.T) {
	const status = "GET VAR ups ups.status"
	u := start(t, "")
	if got := u.ask(status); got != "ERR DRIVER-NOT-CONNECTED\n" {
		t.Errorf("before any driver: %q", got)
	}
	if got := u.ask("LIST UPS"); got != "BEGIN LIST UPS\nUPS ups \"Description unavailable\"\nEND LIST UPS\n" {
		t.Errorf("%q", got)
	}
	store := storeOf("OL")
	stop := u.driver("usbhid-ups", "ups", store)
	u.expect(status, "VAR ups ups.status \"OL\"\n")
	store.Set(storeOf("OB").Get())
	u.expect(status, "VAR ups ups.status \"OB\"\n")
	store.Set(store.Get().With(ups.Stale))
	u.expect(status, "ERR DATA-STALE\n")
	store.Set(store.Get().With(ups.Fresh))
	u.expect(status, "VAR ups ups.status \"OB\"\n")
	stop()
	u.expect(status, "ERR DATA-STALE\n")
	stop = u.driver("usbhid-ups", "ups", storeOf("OL CHRG"))
	u.expect(status, "VAR ups ups.status \"OL CHRG\"\n")
	u.driver("dummy-ups", "ups", storeOf("OL BYPASS"))
	u.expect(status, "VAR ups ups.status \"OL BYPASS\"\n")
	stop()
	u.expect(status, "VAR ups ups.status \"OL BYPASS\"\n")
}

func TestUPSesAppear(t *testing.T) {
	u := start(t, "[ups.rack]\ndesc = \"In the rack\"\n[ups.desk]\n")
	u.driver("nutdrv_qx", "attic", storeOf("OL"))
	u.driver("usbhid-ups", "desk", storeOf("OB"))
	u.expect("GET VAR attic ups.status", "VAR attic ups.status \"OL\"\n")
	u.expect("GET VAR desk ups.status", "VAR desk ups.status \"OB\"\n")
	if err := os.WriteFile(filepath.Join(u.run, "nut", "dummy-ups-file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	u.driver("feed", "rack", storeOf("OL"))
	want := "BEGIN LIST UPS\nUPS rack \"In the rack\"\nUPS desk \"Description unavailable\"\n" +
		"UPS attic \"Description unavailable\"\nEND LIST UPS\n"
	if got := u.ask("LIST UPS\nGET VAR rack ups.status"); got != want+"ERR DRIVER-NOT-CONNECTED\n" {
		t.Errorf("%q", got)
	}
}

// TestStartsAfterDrivers: sockets that are there already are followed, those of dead drivers too.
func TestStartsAfterDrivers(t *testing.T) {
	u := start(t, "")
	u.stop()
	first := <-u.code
	u.code <- first
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	ln, err := driversock.Listen(driversock.Path(u.run, "usbhid-ups", "dead"))
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()

	again := start(t, "", "-run", u.run)
	again.expect("GET VAR ups ups.status", "VAR ups ups.status \"OL\"\n")
	again.expect("GET VAR dead ups.status", "ERR DRIVER-NOT-CONNECTED\n")
}

func TestLogin(t *testing.T) {
	u := start(t, "[users.mon]\npassword = \"very secret\"\nupsmon = \"secondary\"\n")
	if got := u.ask("USERNAME mon\nPASSWORD \"very secret\"\nLOGIN ups"); got != "OK\nOK\nOK\n" {
		t.Errorf("%q", got)
	}
	if got := u.ask("USERNAME mon\nPASSWORD verysecret\nLOGIN ups"); got != "OK\nOK\nERR ACCESS-DENIED\n" {
		t.Errorf("%q", got)
	}
	u.log.find(t, `login refused" user=(mon) addr=127.0.0.1`)
	if strings.Contains(u.log.String(), "secret") {
		t.Error("a password is in the log")
	}
}

func TestReady(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd, err := unix.Dup(int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	start(t, "", "-ready", strconv.Itoa(fd))
	b := make([]byte, len(heartbeat.Ready+heartbeat.Alive))
	_, err = io.ReadFull(r, b)
	if said := string(b); err != nil || said != heartbeat.Ready+heartbeat.Alive && said != heartbeat.Alive+heartbeat.Ready {
		t.Errorf("%q, %v", b, err)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("listne = []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-config", bad}, 1, "bad.toml:1:1"},
		{[]string{"-config", dir}, 1, dir},
		{[]string{"-config", filepath.Join(dir, "none"), "-run", bad, "-listen", "127.0.0.1:0"}, 1, bad},
		{[]string{"-novelty"}, 2, "novelty"},
		{[]string{"stray"}, 2, "stray"},
		{[]string{"-h"}, 0, "-listen"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		if code := run(context.Background(), tt.args, &stderr, untightened); code != tt.code || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: code %d, %s", tt.args, code, &stderr)
		}
	}
}

// TestUpsc lets Debian's upsc and a driver of NUT's talk through us.
func TestUpsc(t *testing.T) {
	nuttest.Program(t, "upsc")
	u := start(t, "[ups.ups]\ndesc = \"Under the desk\"\n")
	if got, err := nuttest.Upsc(t, "-L", u.addr); err != nil || got != "ups: Under the desk\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := nuttest.Upsc(t, "ups@"+u.addr); err == nil || !strings.Contains(err.Error(), "Driver not connected") {
		t.Error(err)
	}
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	u.expect("GET VAR ups ups.status", "VAR ups ups.status \"OL\"\n")
	if got, err := nuttest.Upsc(t, "ups@"+u.addr); err != nil || got != "ups.status: OL\n" {
		t.Errorf("%q, %v", got, err)
	}

	bench := nuttest.New(t)
	bench.DummyUPS("dum", "ups.status: OL\nups.model: A #1\nbattery.charge: 77\n")
	v := start(t, "", "-run", bench.Dir)
	v.expect("GET VAR dum ups.status", "VAR dum ups.status \"OL\"\n")
	got, err := nuttest.Upsc(t, "dum@"+v.addr)
	if err != nil || !strings.Contains(got, "battery.charge: 77\n") || !strings.Contains(got, "driver.name: dummy-ups\n") {
		t.Errorf("%s%v", got, err)
	}
}
