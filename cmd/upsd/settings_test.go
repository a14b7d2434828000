package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/upscard/upscard/services/ups"
)

// TestProfiles: what the clients send that cannot be told anything else (../shared/facts/clients.md).
func TestProfiles(t *testing.T) {
	u := start(t, "profiles = ['synology', 'qnap', 'winnut']\n[ups.rack]\nalias = 'left'\n[ups.desk]\n")
	u.driver("usbhid-ups", "rack", storeOf("OL CHRG RB"))
	u.driver("usbhid-ups", "desk", storeOf("OB"))
	u.expect("GET VAR rack ups.status", "VAR rack ups.status \"OL CHRG RB\"\n")
	u.expect("GET VAR desk ups.status", "VAR desk ups.status \"OB\"\n")
	const no = "ERR ACCESS-DENIED\n"
	for name, session := range map[string][2]string{
		"synology": {"STARTTLS\nUSERNAME monuser\nPASSWORD secret\nLOGIN ups\nGET VAR ups ups.status\nPRIMARY ups\nFSD ups\nSET VAR ups ups.status OB\nINSTCMD ups load.off",
			"ERR FEATURE-NOT-CONFIGURED\nOK\nOK\nOK\nVAR ups ups.status \"OL CHRG RB\"\n" + no + no + no + "ERR CMD-NOT-SUPPORTED\n"},
		"qnap": {"USERNAME admin\nPASSWORD 123456\nLOGIN qnapups\nGET VAR qnapups ups.test.result\nGET VAR desk ups.test.result\nMASTER qnapups",
			"OK\nOK\nOK\nVAR qnapups ups.test.result \"No test initiated\"\nERR VAR-NOT-SUPPORTED\n" + no},
		"winnut": {"USERNAME winnut\nPASSWORD winnut\nLOGIN\nLOGIN left\nGET VAR left ups.status\nFSD left", "OK\nOK\nERR INVALID-ARGUMENT\nOK\nVAR left ups.status \"OL CHRG\"\n" + no},
	} {
		if got := u.ask(session[0]); got != session[1] {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := u.ask("LIST UPS"); got != "BEGIN LIST UPS\nUPS rack \"Description unavailable\"\nUPS desk \"Description unavailable\"\nEND LIST UPS\n" {
		t.Errorf("%q", got)
	}

	plain := start(t, "")
	if got := plain.ask("USERNAME monuser\nPASSWORD secret\nLOGIN ups\nGET VAR qnapups ups.status"); got != "OK\nOK\n"+no+"ERR UNKNOWN-UPS\n" {
		t.Errorf("a profile that nobody asked for: %q", got)
	}
}

// TestReload: users, aliases and descriptions change under clients that notice nothing; a wrong file changes nothing.
func TestReload(t *testing.T) {
	u := start(t, "[ups.rack]\ndesc = 'one'\n[users.mon]\npassword = 'mon-secret'\nupsmon = 'primary'\n")
	u.driver("usbhid-ups", "rack", storeOf("OL"))
	u.expect("GET VAR rack ups.status", "VAR rack ups.status \"OL\"\n")
	c := u.dial()
	c.say("USERNAME mon\nPASSWORD mon-secret\nLOGIN rack\nPRIMARY rack\n")
	c.expect("OK\nOK\nOK\nOK PRIMARY-GRANTED\n")

	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(u.run, "upscard.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("listen = [':1']\nanonymous = false\n[ups.rack]\ndesc = 'two'\nalias = 'left'\n[ups.attic]\n[users.mon]\npassword = 'mon-secret'\nupsmon = 'secondary'\n[users.new]\npassword = 'new-secret'\n")
	u.log.find(t, "(configuration read again)")
	u.log.find(t, "(listen, protocol, .* stay)")
	c.say("GET NUMLOGINS rack\nPRIMARY rack\nGET UPSDESC left\nLIST CLIENT left\n")
	c.expect("NUMLOGINS rack 1\nERR ACCESS-DENIED\nUPSDESC left \"two\"\nBEGIN LIST CLIENT left\nCLIENT left 127.0.0.1\nEND LIST CLIENT left\n")
	if got := u.ask("GET VAR rack ups.status\nUSERNAME new\nPASSWORD new-secret\nGET VAR rack ups.status"); got != "ERR ACCESS-DENIED\nOK\nOK\nVAR rack ups.status \"OL\"\n" {
		t.Errorf("%q", got)
	}
	u.driver("usbhid-ups", "attic", storeOf("OB"))
	await(t, u.follower("attic", nil), "there", func(s *ups.Snapshot) bool { return s.Value("ups.status") == "OB" })

	write("anonymous = 7\n")
	u.log.find(t, "(configuration not read again)")
	c.say("GET NUMLOGINS rack\nLOGOUT\n")
	c.expect("NUMLOGINS rack 1\nOK Goodbye\n")
	if strings.Contains(u.log.String(), "-secret") {
		t.Error("a password is in the log")
	}
}
