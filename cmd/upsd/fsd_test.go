package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const primaryUser = "[users.pri]\npassword = \"pri-secret\"\nupsmon = \"primary\"\nactions = \"FSD\"\n"

const (
	asPrimary = "USERNAME pri\nPASSWORD pri-secret\n"
	ask       = "GET VAR ups ups.status"
	forced    = "VAR ups ups.status \"FSD OB LB\"\n"
)

// end stops an upsd as init would.
func (u *upsd) end() {
	u.stop()
	code := <-u.code
	u.code <- code
}

// TestFSDSurvives: FSD is on the disk before a client can see it, and goes on when upsd starts again, until it is ended.
func TestFSDSurvives(t *testing.T) {
	state := filepath.Join(t.TempDir(), "upsd")
	u := start(t, primaryUser, "-state", state)
	u.driver("usbhid-ups", "ups", storeOf("OB LB"))
	u.expect(ask, "VAR ups ups.status \"OB LB\"\n")
	if got := u.ask(asPrimary + "PRIMARY ups\nFSD ups"); got != "OK\nOK\nOK PRIMARY-GRANTED\nOK FSD-SET\n" {
		t.Fatal(got)
	}
	u.expect(ask, forced)
	u.end()

	again := start(t, primaryUser, "-state", state)
	again.log.find(t, `FSD goes on" ups=(ups)`)
	again.driver("usbhid-ups", "ups", storeOf("OB LB"))
	again.expect(ask, forced)
	if got := again.ask(asPrimary + "SET VAR ups server.fsd no\n" + ask); got != "OK\nOK\nOK\nVAR ups ups.status \"OB LB\"\n" {
		t.Fatal(got)
	}
	again.end()

	ended := start(t, primaryUser, "-state", state)
	ended.driver("usbhid-ups", "ups", storeOf("OL"))
	ended.expect(ask, "VAR ups ups.status \"OL\"\n")
}

// TestFSDDamaged: a file that is damaged, or a directory that cannot be had, keeps nobody from being served, nor from FSD.
func TestFSDDamaged(t *testing.T) {
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, "fsd"), []byte("ups\n# sha256 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{state, filepath.Join(state, "no", "such")} {
		u := start(t, primaryUser, "-state", dir)
		u.driver("usbhid-ups", "ups", storeOf("OB LB"))
		u.expect(ask, "VAR ups ups.status \"OB LB\"\n")
		u.ask(asPrimary + "FSD ups")
		u.expect(ask, forced)
		if !strings.Contains(u.log.String(), "level=ERROR") {
			t.Errorf("nothing is said of it:\n%s", u.log)
		}
	}
}
