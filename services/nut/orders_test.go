package nut

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// TestOrdersGiven: a driver gets names as it spelt them and values as they were quoted, each order once.
func TestOrdersGiven(t *testing.T) {
	host := testHost()
	driver := &scriptedDriver{}
	host.Registry.Find("ups").DrivenBy(driver)
	s := NewSession(host, "addr")
	drain(s, []byte("USERNAME op\nPASSWORD \"op secret\"\nINSTCMD UPS BEEPER.MUTE\nINSTCMD ups beeper.mute \" 5 \"\n"+
		"SET VAR ups UPS.id \"a \\\"b\\\" \\\\ \\#\"\nSET VAR ups ups.id \xc3\xbcx\xff\nSET VAR ups ups.id \"\"\nINSTCMD ups beeper.mute lost\n"), 100)
	want := []ups.Order{
		{Name: "beeper.mute"}, {Name: "beeper.mute", Value: " 5 "}, {Set: true, Name: "ups.id", Value: `a "b" \ #`},
		{Set: true, Name: "ups.id", Value: "x"}, {Set: true, Name: "ups.id"},
	}
	ids := make(map[string]bool)
	for i := range driver.given {
		ids[driver.given[i].ID] = true
		driver.given[i].ID = ""
	}
	if !slices.Equal(driver.given, want) || len(ids) != len(want) {
		t.Errorf("given %+v\nwant  %+v", driver.given, want)
	}
}

func TestOrdersAreLogged(t *testing.T) {
	host := testHost()
	var log bytes.Buffer
	host.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := NewSession(host, "192.0.2.7")
	drain(s, []byte("USERNAME op\nPASSWORD \"op secret\"\nINSTCMD ups beeper.mute failed\nINSTCMD ups beeper.mute lost\nSET VAR ups ups.id new\n"+
		"INSTCMD ups test.battery.start\n"), 100)
	bad := NewSession(host, "192.0.2.8")
	drain(bad, []byte("USERNAME op\nPASSWORD \"guessed secret\"\n"+strings.Repeat("INSTCMD ups beeper.mute\nSET VAR ups ups.id x\n", 50)), 100)
	for _, want := range []string{
		`msg=order ups=ups order=1bd31808-cb49-4aec-9d75-d056e6f00001 user=op addr=192.0.2.7 instcmd=beeper.mute value=failed`,
		`msg="order ended" ups=ups order=1bd31808-cb49-4aec-9d75-d056e6f00001 result=failed`,
		`msg="order not given" ups=ups order=1bd31808-cb49-4aec-9d75-d056e6f00002 err="the driver reads nothing"`,
		`set=ups.id value=new`,
		`msg="order refused" user=op addr=192.0.2.7 ups=ups instcmd=test.battery.start why="no right to it"`,
		`msg="order refused" user=op addr=192.0.2.8 ups=ups instcmd=beeper.mute why="wrong name or password"`,
	} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%d times %s", n, want)
		}
	}
	if n := strings.Count(log.String(), "192.0.2.8"); n != 1 || strings.Contains(log.String(), "secret") {
		t.Errorf("%d lines for one who guesses, or a password:\n%s", n, &log)
	}
}

func TestTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var x tracker
		want := func(id, want string) {
			t.Helper()
			if got := x.status(id); got != want {
				t.Fatalf("%s: %q, want %q", id, got, want)
			}
		}
		want("a", "ERR UNKNOWN")
		x.finish("a", ups.Handled)
		want("a", "ERR UNKNOWN")
		for _, id := range []string{"a", "b", "c"} {
			x.add(id)
		}
		want("b", "PENDING")
		for r, status := range []string{"SUCCESS", "ERR UNKNOWN", "ERR INVALID-ARGUMENT", "ERR FAILED", "ERR INVALID-ARGUMENT", "ERR UNKNOWN"} {
			x.finish("b", ups.Result(r))
			want("B", status)
		}
		x.forget("c")
		want("c", "ERR UNKNOWN")
		want("a", "PENDING")
		time.Sleep(trackedFor)
		want("a", "PENDING")
		x.add("late")
		time.Sleep(time.Nanosecond)
		want("a", "ERR UNKNOWN")
		want("late", "PENDING")
		for i := range 2 * maxTracked {
			x.add(fmt.Sprint(i))
		}
		if len(x.list) != maxTracked {
			t.Errorf("%d remembered", len(x.list))
		}
		want("late", "ERR UNKNOWN")
		want(fmt.Sprint(maxTracked-1), "ERR UNKNOWN")
		want(fmt.Sprint(maxTracked), "PENDING")
		want(fmt.Sprint(2*maxTracked-1), "PENDING")
	})
}

func TestOrderID(t *testing.T) {
	host := new(Host)
	seen := make(map[string]bool)
	for range 100 {
		id := host.orderID()
		if !okTracking.MatchString("OK TRACKING "+id) || seen[id] {
			t.Errorf("%q", id)
		}
		seen[id] = true
	}
}

func TestSettable(t *testing.T) {
	number := ups.Var{Flags: ups.RW | ups.Number}
	delay := ups.Var{Flags: ups.RW | ups.Number, Ranges: []ups.Range{{Min: -1, Max: 600}}}
	choice := ups.Var{Flags: ups.RW | ups.Number, Enum: []string{"on", "5"}}
	undeclared := ups.Var{Flags: ups.RW}
	both := ups.Var{Flags: ups.RW | ups.String, MaxLen: 3, Ranges: []ups.Range{{Min: 0, Max: 9999}}}
	for _, tt := range []struct {
		name  string
		v     ups.Var
		value string
		want  errorCode
	}{
		{"read only", ups.Var{Flags: ups.Number}, "1", errReadonly},
		{"number", number, "-12.5", ""},
		{"no number", number, "now", errInvalidValue},
		{"hexadecimal", number, "0x10", errInvalidValue},
		{"exponent", number, "1e3", errInvalidValue},
		{"infinite", number, "Inf", errInvalidValue},
		{"empty", number, "", errInvalidValue},
		{"only a point", number, ".", errInvalidValue},
		{"in range", delay, "-1", ""},
		{"edge", delay, "600", ""},
		{"out of range", delay, "600.01", errInvalidValue},
		{"range and text", delay, "twenty", errInvalidValue},
		{"choice", choice, "on", ""},
		{"no choice", choice, "off", errInvalidValue},
		{"undeclared", undeclared, "anything", ""},
		{"too long comes first", both, "10000", errTooLong},
		{"text in range", both, "999", ""},
	} {
		if got := settable(tt.v, tt.value); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNoRightsByDefault: whoever is not granted a right has none, an upsmon neither.
func TestNoRightsByDefault(t *testing.T) {
	for _, login := range []string{"USERNAME mon\nPASSWORD \"sec ret\"\n", "USERNAME web\nPASSWORD secret\n", "USERNAME nobody\nPASSWORD \"\"\n", "USERNAME open\nPASSWORD \"\"\n"} {
		s := NewSession(testHost(), "addr")
		reply, _ := drain(s, []byte(login+"SET VAR ups ups.id x\nINSTCMD ups beeper.mute\nFSD ups\n"), 100)
		if want := "OK\nOK\n" + strings.Repeat("ERR ACCESS-DENIED\n", 3); string(reply) != want {
			t.Errorf("%q: %q", login, reply)
		}
	}
}
