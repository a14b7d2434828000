package nut

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/password"
)

func networks(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// say plays lines in a session of their own and returns the answers.
func say(host *Host, addr, lines string) string {
	s := NewSession(host, addr)
	defer s.Close()
	reply, _ := drain(s, []byte(lines), 1000)
	return string(reply)
}

const (
	as     = "USERNAME u\nPASSWORD secret\n"
	denied = "ERR ACCESS-DENIED\n"
	okLine = "VAR ups ups.status \"OL CHRG\"\n"
)

// TestRightsPerUPSAndNetwork: a right holds where it was given, and for what.
func TestRightsPerUPSAndNetwork(t *testing.T) {
	host := testHost()
	host.Registry.Alias(map[string]string{"other": "ups"})
	host.Users.Replace([]User{{Name: "u", Password: "secret", Primary: true, FSD: true, Set: true, AnyCommand: true,
		UPS: []string{"Other", "none"}, From: networks("192.0.2.0/25", "2001:db8::/64")}})
	orders := func(name string) string {
		return as + "PRIMARY " + name + "\nFSD " + name + "\nSET VAR " + name + " server.fsd no\nSET VAR " + name + " ups.id x\nINSTCMD " + name + " beeper.mute\nLOGIN " + name + "\n"
	}
	const granted = "OK\nOK\nOK PRIMARY-GRANTED\nOK FSD-SET\nOK\nOK\nOK\nOK\n"
	refused := "OK\nOK\n" + strings.Repeat(denied, 6)
	for _, tt := range []struct{ addr, ups, want string }{
		{"192.0.2.7", "ups", granted},
		{"192.0.2.7", "UPS", granted},
		{"192.0.2.7", "other", granted},
		{"2001:db8::5", "ups", granted},
		{"2001:db8::5%eth0", "ups", granted},
		{"192.0.2.7", "forced", refused},
		{"192.0.2.200", "ups", refused},
		{"2001:db8:0:1::5", "ups", refused},
		{"", "ups", refused},
	} {
		if got := say(host, tt.addr, orders(tt.ups)); got != tt.want {
			t.Errorf("%s of %s: %q", tt.addr, tt.ups, got)
		}
	}
}

func TestAnonymous(t *testing.T) {
	host := testHost()
	host.Users.Replace([]User{{Name: "u", Password: "secret"}, {Name: "one", Password: "secret", UPS: []string{"forced"}}, {Name: "near", Password: "secret", From: networks("10.0.0.0/8")}})
	reads := strings.Join([]string{"GET VAR ups ups.status", "GET TYPE ups ups.status", "GET DESC ups ups.status", "GET CMDDESC ups beeper.mute", "GET UPSDESC ups", "GET NUMLOGINS ups",
		"GET NUMATTACH ups", "LIST VAR ups", "LIST RW ups", "LIST CMD ups", "LIST CLIENT ups", "LIST ENUM ups input.sensitivity", "LIST RANGE ups input.transfer.low", "LIST UPS", "GET VAR nobody ups.status"}, "\n") + "\n"
	all := strings.Repeat(denied, 15)
	for _, tt := range []struct {
		a          Anonymous
		addr, who  string
		everything bool
	}{
		{Anonymous{}, "192.0.2.7", "", true},
		{Anonymous{Nobody: true}, "192.0.2.7", "", false},
		{Anonymous{Nobody: true}, "192.0.2.7", "USERNAME u\n", false},
		{Anonymous{Nobody: true}, "192.0.2.7", "USERNAME u\nPASSWORD wrong\n", false},
		{Anonymous{Nobody: true}, "192.0.2.7", as, true},
		{Anonymous{Nobody: true}, "192.0.2.7", "USERNAME near\nPASSWORD secret\n", false},
		{Anonymous{Nobody: true}, "10.1.2.3", "USERNAME near\nPASSWORD secret\n", true},
		{Anonymous{From: networks("10.0.0.0/8")}, "192.0.2.7", "", false},
		{Anonymous{From: networks("10.0.0.0/8")}, "10.0.0.1", "", true},
		{Anonymous{From: networks("10.0.0.0/8")}, "192.0.2.7", as, true},
		{Anonymous{From: networks("10.0.0.0/8")}, "", "", false},
	} {
		host.LimitAnonymous(tt.a)
		got := strings.TrimLeft(strings.TrimPrefix(say(host, tt.addr, tt.who+reads), "OK\n"), "")
		got = strings.TrimPrefix(got, "OK\n")
		if (got == all) == tt.everything || tt.everything && (strings.Contains(got, denied) || !strings.HasSuffix(got, "ERR UNKNOWN-UPS\n")) {
			t.Errorf("%+v from %s as %q: %q", tt.a, tt.addr, tt.who, got)
		}
	}
	host.LimitAnonymous(Anonymous{Nobody: true})
	if got := say(host, "addr", "USERNAME one\nPASSWORD secret\nLIST UPS\nGET VAR ups ups.status\nGET VAR forced ups.status\n"); got !=
		"OK\nOK\nBEGIN LIST UPS\nUPS forced \"Description unavailable\"\nEND LIST UPS\n"+denied+"VAR forced ups.status \"OL CHRG\"\n" {
		t.Errorf("%q", got)
	}
	if got := say(host, "addr", "VER\nNETVER\nHELP\nSTARTTLS\nGET TRACKING\n"); strings.Contains(got, denied) {
		t.Errorf("%q", got)
	}
}

// TestHashedPassword: it opens what the password in clear does, once it was verified at no cost, and wrong ones open nothing.
func TestHashedPassword(t *testing.T) {
	host := testHost()
	hash := password.Hash("secret")
	host.Users.Replace([]User{{Name: "u", Password: hash, Monitor: true}, {Name: "bad", Password: password.Prefix + "x", Monitor: true}})
	for _, tt := range []struct{ name, sent, want string }{
		{"u", "secret", "OK\n"}, {"u", "Secret", denied}, {"u", hash, denied}, {"u", "", denied}, {"nobody", "secret", denied}, {"bad", password.Prefix + "x", denied}, {"u", "secret", "OK\n"},
	} {
		if got := say(host, "192.0.2.7", "USERNAME "+tt.name+"\nPASSWORD \""+tt.sent+"\"\nLOGIN ups\n"); got != "OK\nOK\n"+tt.want {
			t.Errorf("%s, %s: %q", tt.name, tt.sent, got)
		}
	}
	begin := time.Now()
	for range 1000 {
		if got := say(host, "192.0.2.7", as+"LOGIN ups\n"); got != "OK\nOK\nOK\n" {
			t.Fatal(got)
		}
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("1000 logins took %v: each is verified anew", took)
	}
}

// TestGuessing: who guesses is heard ten times, then each two seconds; a password that is known to be right is heard always.
func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := testHost()
		var log bytes.Buffer
		host.Logger = slog.New(slog.NewTextHandler(&log, nil))
		host.Users.Replace([]User{{Name: "u", Password: password.Hash("secret"), Monitor: true}, {Name: "v", Password: password.Hash("secret"), Monitor: true}})
		guess := func(addr, user, pw string) bool {
			return say(host, addr, "USERNAME "+user+"\nPASSWORD "+pw+"\nLOGIN ups\n") == "OK\nOK\nOK\n"
		}
		if !guess("192.0.2.7", "u", "secret") {
			t.Fatal("the right one is refused")
		}
		for i := range 2 * maxGuesses {
			guess("192.0.2.7", "u", fmt.Sprint("guess-", i))
		}
		if !guess("192.0.2.7", "u", "secret") || guess("192.0.2.7", "v", "secret") || !guess("192.0.2.8", "v", "secret") {
			t.Error("the wrong clients are refused")
		}
		time.Sleep(guessPeriod + time.Millisecond)
		if guess("192.0.2.7", "u", "guess") || guess("192.0.2.7", "v", "wrong") {
			t.Error("a guess is right")
		}
		time.Sleep(guessPeriod + time.Millisecond)
		if !guess("192.0.2.7", "v", "secret") {
			t.Error("refused for ever")
		}
		if n := strings.Count(log.String(), "passwords not looked at"); n != 1 || strings.Contains(log.String(), "guess-") || strings.Contains(log.String(), "secret") {
			t.Errorf("told %d times, or a password is in the log:\n%s", n, &log)
		}
		// One session asks a hundred times: that is one guess.
		s := NewSession(host, "192.0.2.9")
		defer s.Close()
		drain(s, []byte("USERNAME u\nPASSWORD wrong\n"+strings.Repeat("LOGIN ups\nFSD ups\n", 50)), 1000)
		if !guess("192.0.2.9", "v", "secret") {
			t.Error("a session that repeats itself counts more than once")
		}
	})
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		at := netip.MustParseAddr
		for range maxGuesses {
			if !l.take(at("2001:db8::1")) {
				t.Fatal("refused too early")
			}
		}
		if l.take(at("2001:db8::2")) || !l.take(at("2001:db8:0:1::1")) || !l.take(netip.Addr{}) {
			t.Error("not by network")
		}
		for i := range 3 * maxGuessers {
			l.take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
		}
		if len(l.by) > maxGuessers {
			t.Errorf("%d remembered", len(l.by))
		}
		if l.take(at("2001:db8::3")) {
			t.Error("the worst is forgotten first")
		}
		time.Sleep(time.Hour)
		l.forget(time.Now())
		if len(l.by) != 0 {
			t.Errorf("%d remembered for ever", len(l.by))
		}
	})
}

// TestGuessingAtOnce: to ask in parallel makes no more guesses.
func TestGuessingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := testHost()
		host.Users.Replace([]User{{Name: "u", Password: "secret", Monitor: true}})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { say(host, "192.0.2.7", "USERNAME u\nPASSWORD wrong\nLOGIN ups\n") })
		}
		wg.Wait()
		if host.Users.guesses.take(netip.MustParseAddr("192.0.2.7")) {
			t.Error("guesses were not counted")
		}
	})
}

func TestStatusWords(t *testing.T) {
	host := testHost()
	host.Users.Replace([]User{{Name: "u", Password: "secret", StatusWords: []string{"OL", "OB", "LB"}}, {Name: "v", Password: "secret"}})
	get := "GET VAR ups ups.status\nGET VAR ups UPS.STATUS\n"
	if got := say(host, "addr", get+as+get); got != okLine+"VAR ups UPS.STATUS \"OL CHRG\"\nOK\nOK\nVAR ups ups.status \"OL\"\nVAR ups UPS.STATUS \"OL\"\n" {
		t.Errorf("%q", got)
	}
	if got := say(host, "addr", as+"LIST VAR ups\n"); !strings.Contains(got, "ups.status \"OL\"\n") {
		t.Errorf("%q", got)
	}
	if got := say(host, "addr", strings.Replace(as, "u", "v", 1)+get); !strings.Contains(got, okLine) {
		t.Errorf("%q", got)
	}
	for status, want := range map[string]string{"OL CHRG RB": "OL", "FSD OB LB RB": "FSD OB LB", "WAIT": "WAIT", "": ""} {
		if got := onlyWords(status, []string{"OL", "OB", "LB"}); got != want {
			t.Errorf("%q: %q", status, got)
		}
	}
}

// TestAliases: they lead to the UPS, which no list shows twice, and give way to a name.
func TestAliases(t *testing.T) {
	host := testHost()
	host.Registry.Alias(map[string]string{"qnapups": "ups", "forced": "ups", "dead": "no.such"})
	u := host.Registry.Find("ups")
	u.Supply(map[string]string{"ups.test.result": "No test initiated", "battery.charge": "never"})
	for request, want := range map[string]string{
		"GET VAR QnapUps ups.status":      "VAR QnapUps ups.status \"OL CHRG\"\n",
		"GET VAR qnapups ups.test.result": "VAR qnapups ups.test.result \"No test initiated\"\n",
		"GET VAR qnapups battery.charge":  "VAR qnapups battery.charge \"100\"\n",
		"GET VAR forced ups.test.result":  "ERR VAR-NOT-SUPPORTED\n",
		"GET VAR dead ups.status":         "ERR UNKNOWN-UPS\n",
		"GET UPSDESC qnapups":             "UPSDESC qnapups \"The \\\"first\\\" one\"\n",
		"USERNAME mon\nPASSWORD \"sec ret\"\nLOGIN qnapups\nLIST CLIENT ups\nLIST CLIENT qnapups": "OK\nOK\nOK\nBEGIN LIST CLIENT ups\nCLIENT ups 192.0.2.7\nEND LIST CLIENT ups\n" +
			"BEGIN LIST CLIENT qnapups\nCLIENT qnapups 192.0.2.7\nEND LIST CLIENT qnapups\n",
	} {
		if got := say(host, "192.0.2.7", request+"\n"); got != want {
			t.Errorf("%s: %q", request, got)
		}
	}
	if got := say(host, "addr", "LIST UPS\n"); strings.Contains(got, "qnapups") {
		t.Errorf("%q", got)
	}
}

// TestReplace: other users are in force at once, and a login stays.
func TestReplace(t *testing.T) {
	host := testHost()
	host.Users.Replace([]User{{Name: "u", Password: "secret", Primary: true}})
	s := NewSession(host, "192.0.2.7")
	defer s.Close()
	ask := func(request, want string) {
		t.Helper()
		if reply, _ := drain(s, []byte(request), 1000); string(reply) != want {
			t.Errorf("%q: %q, want %q", request, reply, want)
		}
	}
	ask(as+"LOGIN ups\nPRIMARY ups\n", "OK\nOK\nOK\nOK PRIMARY-GRANTED\n")
	host.Users.Replace([]User{{Name: "u", Password: "secret", Monitor: true}})
	ask("PRIMARY ups\nGET NUMLOGINS ups\n", denied+"NUMLOGINS ups 1\n")
	host.Users.Replace(nil)
	ask("GET NUMLOGINS ups\n", "NUMLOGINS ups 1\n")
}

// TestStrict: what RFC 9271 has renamed is not there.
func TestStrict(t *testing.T) {
	host := testHost()
	host.Strict = true
	login := "USERNAME mon\nPASSWORD \"sec ret\"\n"
	got := say(host, "192.0.2.7", login+"LOGIN ups\nMASTER ups\nNETVER\nLOGOUT\nGET NUMLOGINS ups\nPROTVER\nATTACH ups\nATTACH ups\nGET NUMATTACH ups\nHELP\nDETACH\nVER\n")
	want := "OK\nOK\n" + strings.Repeat("ERR UNKNOWN-COMMAND\n", 4) + "ERR INVALID-ARGUMENT\n1.3\nOK\nERR ALREADY-ATTACHED\nNUMATTACH ups 1\n" +
		"Commands: HELP VER PROTVER GET LIST SET INSTCMD ATTACH DETACH USERNAME PASSWORD STARTTLS\nOK Goodbye\n"
	if got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
