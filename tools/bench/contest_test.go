package main

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/upscard/upscard/tools/debs"
)

// TestContests: both servers of each comparison come up, and tell the same or agree on the same TLS.
func TestContests(t *testing.T) {
	err := debs.Available()
	if os.Getuid() != 0 {
		err = errors.Join(err, errors.New("chroot and network namespaces need root"))
	}
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	needNUT(t)
	k := kit{programs: t.TempDir(), cache: "../../images/out/bench"}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", k.programs, "../../cmd/upsd", "../../cmd/nisd", "../../cmd/mdnsd", "../../cmd/tlsshim")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range contests {
		var out strings.Builder
		c.rows = nil
		if err := c.run(t.Context(), k, settings{}, &out); err != nil {
			t.Errorf("%s: %v", c.theirs, err)
		}
		t.Log(out.String())
	}
}

func TestComplete(t *testing.T) {
	for _, test := range []struct {
		r            request
		answer, last string
		done, fails  bool
	}{
		{getVar, "VAR apc ups.status \"OL\"\n", "VAR apc ups.status \"OL\"\n", true, false},
		{getVar, "VAR apc ups.status \"O", "", false, false},
		{getVar, "ERR UNKNOWN-UPS\n", "ERR UNKNOWN-UPS\n", false, true},
		{listVar, "BEGIN LIST VAR apc\nVAR apc a \"END LIST VAR apc\"\n", "VAR apc a \"END LIST VAR apc\"\n", false, false},
		{listVar, "BEGIN LIST VAR apc\nEND LIST VAR apc\n", "END LIST VAR apc\n", true, false},
		{status, "\x00\x02a\n\x00\x00", "\x00\x02a\n\x00\x00", true, false},
		{status, "\x00\x02a\n\x00", "\x00\x02a\n\x00", false, false},
	} {
		last, done, err := test.r.complete([]byte(test.answer))
		if string(last) != test.last || done != test.done || (err != nil) != test.fails {
			t.Errorf("%q: %q, %t, %v", test.answer, last, done, err)
		}
	}
}

// TestAgreement: what one connection has agreed on others must have too.
func TestAgreement(t *testing.T) {
	first := terms{tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256, tls.X25519, "ECDSA P-256", false}
	var a agreement
	if a.String() != "" || a.hold(first) != nil || a.hold(first) != nil || a.String() != "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, ECDSA P-256, not resumed" {
		t.Error("the same is not the same:", a.String())
	}
	for _, change := range []func(*terms){
		func(t *terms) { t.version = tls.VersionTLS12 },
		func(t *terms) { t.cipher = tls.TLS_AES_256_GCM_SHA384 },
		func(t *terms) { t.group = tls.CurveP256 },
		func(t *terms) { t.key = "RSA-2048" },
		func(t *terms) { t.resumed = true },
	} {
		other := first
		change(&other)
		if err := a.hold(other); err == nil {
			t.Errorf("%v passes for %v", other, first)
		}
	}
}

func TestHarmless(t *testing.T) {
	dir := t.TempDir()
	root := tree(dir)
	if err := root.harmless(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "usr/sbin"), 0o755), os.Symlink("systemctl", filepath.Join(dir, "usr/sbin/halt"))); err != nil {
		t.Fatal(err)
	}
	if root.harmless() == nil {
		t.Error("a tree with halt is harmless")
	}
}

func TestHeard(t *testing.T) {
	txt := func(text ...string) dns.Msg {
		return dns.Msg{Extra: []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: "bench._nut._tcp.local."}, Txt: text}}}
	}
	begun := time.Now()
	l := &link{heard: []packet{{begun.Add(-1), 100, txt("old")}, {begun.Add(1), 10, txt("b", "a")}, {begun.Add(2), 20, dns.Msg{}}}}
	if packets, bytes := l.traffic(begun); packets != 2 || bytes != 30 {
		t.Errorf("%v packets with %v bytes", packets, bytes)
	}
	if got := l.txt("bench._nut._tcp.local.", begun); strings.Join(got, " ") != "a b" {
		t.Errorf("%q", got)
	}
	if got := l.txt("bench._nut._tcp.local.", begun.Add(2)); got != nil {
		t.Errorf("%q", got)
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	ours := []result{{figure{"requests/s", 0, false}, []float64{100, 300, 200}}, {figure{"p50, us", 0, true}, []float64{8}}, {figure{"more", 0, false}, []float64{1}}}
	theirs := []result{{figure{"requests/s", 0, false}, []float64{100}}, {figure{"p50, us", 0, true}, []float64{4}}, {figure{"failures", 0, true}, []float64{3}}}
	print(&out, "row", "NUT", ours, theirs)
	if got, want := out.String(), "| row: requests/s | 200 | 100 | 2.00 |\n| row: p50, us | 8.00 | 4.00 | 0.50 (NUT ahead) |\n| row: more | 1.00 |  |  |\n| row: failures | | 3.00 | |\n"; got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
}

func TestPlace(t *testing.T) {
	const document = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
	if got, err := place(document, "x", "new\n"); err != nil || got != "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"y", ""} {
		if got, err := place(document, name, "new\n"); err == nil {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestVersionOf(t *testing.T) {
	if got := versionOf("stunnel4_3%3a5.68-2+deb12u1_amd64.deb"); got != "Debian's stunnel4 3:5.68-2+deb12u1." {
		t.Error(got)
	}
}

func TestNoRow(t *testing.T) {
	if err := compare(t.Context(), kit{}, settings{only: "of this name"}, io.Discard); err == nil {
		t.Error("nothing was measured, and that is no error")
	}
}
