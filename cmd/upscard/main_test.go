package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.toml"), filepath.Join(dir, "bad.toml")
	nut, pem := filepath.Join(dir, "nut.toml"), filepath.Join(dir, "pem.toml")
	for path, text := range map[string]string{good: "[ups.rack]\n", bad: "[ups.rack]\ndescr = 'x'\ny = 1\n",
		pem: "[tls]\nstarttls = 'on'\nclientca = '''-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----'''\n",
		nut: "[ups.rack]\nport = 'auto'\nsdtype = 1\noverride.battery.charge.low = 'low'\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"check", good}, 0, good + ": good: UPS rack; listens on :3493", ""},
		{[]string{"check", bad}, 1, "", bad + ":2:1: unknown key \"descr\" in [ups.rack], did you mean \"desc\"?\n" + bad + ":3:1: unknown key \"y\""},
		{[]string{"check", pem}, 1, "", pem + ": [tls]: clientca: certificate 1: x509: malformed certificate"},
		{[]string{"check", nut}, 1, "", nut + ":3:1: sdtype: this belongs to drivers for serial lines"},
		{[]string{"check", nut}, 1, "", nut + ":4:31: override.battery.charge.low: want a number from 0 on, got \"low\"\n"},
		{[]string{"check", filepath.Join(dir, "none")}, 1, "", "no such file"},
		{[]string{"check"}, 2, "", "usage:"},
		{[]string{"look", good}, 2, "", "usage:"},
		{nil, 2, "", "usage:"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(test.args, nil, &stdout, &stderr)
		if code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) ||
			(stdout.Len() > 0) != (code == 0) || (stderr.Len() > 0) != (code != 0) {
			t.Errorf("%q: code %d, %q, %q", test.args, code, stdout.String(), stderr.String())
		}
	}
}

// TestCheckWarns: what is good, but will not be for clients, is said with the file, the key and the date.
func TestCheckWarns(t *testing.T) {
	born := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	own, err := ca.New(ca.Dates{Build: born, Now: born})
	must(t, err)
	path := filepath.Join(t.TempDir(), "upscard.toml")
	must(t, os.WriteFile(path, []byte("[tls]\nstarttls = 'on'\ncertrequest = 'request'\nclientca = '''"+string(ca.CertPEM(own.Cert))+"'''\n"), 0o600))
	var stdout, stderr bytes.Buffer
	want := path + ": [tls]: warning: clientca: \"" + own.Cert.Subject.String() + "\" has expired, on " + own.Cert.NotAfter.Format(time.DateOnly) + "\n" + path + ": good: "
	if code := run([]string{"check", path}, nil, &stdout, &stderr); code != 0 || !strings.HasPrefix(stdout.String(), want) || stderr.Len() != 0 {
		t.Errorf("code %d, %q, %q", code, stdout.String(), stderr.String())
	}
}

// TestHash: what it prints stands for the password in a file.
func TestHash(t *testing.T) {
	for in, code := range map[string]int{"long secret\n": 0, "secret": 0, "secret\r\n": 0, "\n": 1, "": 1, strings.Repeat("x", 129) + "\n": 1} {
		var stdout, stderr bytes.Buffer
		if got := run([]string{"hash"}, strings.NewReader(in), &stdout, &stderr); got != code {
			t.Errorf("%q: code %d, %s", in, got, &stderr)
		}
		if code == 0 {
			_, err := config.Parse("f", []byte("[users.a]\npassword = '"+strings.TrimSpace(stdout.String())+"'\n"))
			if err != nil || strings.Contains(stdout.String()+stderr.String(), "secret") {
				t.Errorf("%q: %s%v", in, &stdout, err)
			}
		}
	}
}
