package nis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// story is what happens to a UPS: at a time, a state.
type story struct {
	h   History
	now time.Time
}

func newStory() *story { return &story{now: at("10:00:00")} }

// then lets time pass, and looks.
func (s *story) then(after time.Duration, f ups.Freshness, status string, more ...string) *story {
	s.now = s.now.Add(after)
	values := map[string]string{"ups.status": status}
	for i := 0; i+1 < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	s.h = s.h.Observe(snapshot(f, values), s.now)
	return s
}

// events are the texts of all that happened, with its time.
func (s *story) events() string {
	var b strings.Builder
	for _, e := range s.h.Events {
		b.WriteString(e.Time.Format("15:04:05 ") + e.Text + "\n")
	}
	return b.String()
}

func (s *story) value(t *testing.T, key string) string {
	t.Helper()
	return values(t, Status(View{UPS: snapshot(ups.Fresh, nil), History: s.h, Now: s.now}))[key]
}

func TestOutage(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL").then(10*time.Second, ups.Fresh, "OB DISCHRG").then(2*time.Second, ups.Fresh, "OB DISCHRG")
	if at := s.h.Wake(); !at.Equal(s.now.Add(4 * time.Second)) {
		t.Errorf("wakes at %v", at)
	}
	s.then(4*time.Second, ups.Fresh, "OB DISCHRG")
	if at := s.h.Wake(); !at.IsZero() {
		t.Errorf("wakes again at %v", at)
	}
	s.then(time.Minute, ups.Fresh, "OB DISCHRG LB").then(time.Second, ups.Fresh, "FSD OB LB").then(30*time.Second, ups.Fresh, "FSD OL CHRG").
		then(time.Second, ups.Fresh, "OL CHRG").then(time.Second, ups.Fresh, "OB").then(time.Second, ups.Fresh, "OL")
	want := `10:00:10 Power failure.
10:00:16 Running on UPS batteries.
10:01:16 Battery power exhausted.
10:01:17 Initiating system shutdown!
10:01:47 Mains returned. No longer on UPS batteries.
10:01:47 Power is back. UPS running on mains.
10:01:49 Power failure.
10:01:50 Power is back. UPS running on mains.
`
	if got := s.events(); got != want {
		t.Errorf("events are\n%swant\n%s", got, want)
	}
	for key, want := range map[string]string{"NUMXFERS": "2", "TONBATT": "0 Seconds", "CUMONBATT": "98 Seconds",
		"XONBATT": "2026-11-26 10:01:49 +0100  ", "XOFFBATT": "2026-11-26 10:01:50 +0100  ", "STARTTIME": "2026-11-26 10:00:00 +0100  "} {
		if got := s.value(t, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	lines := Events(s.h, zone)
	if lines[0] != "2026-11-26 10:00:10 +0100  Power failure.\n" {
		t.Errorf("the first event is %q", lines[0])
	}
}

// While it goes on, the time on battery counts on.
func TestOnBatteryNow(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL").then(time.Second, ups.Fresh, "OB").then(100*time.Second, ups.Fresh, "OB").then(time.Second, ups.Fresh, "OL").
		then(time.Second, ups.Fresh, "OB")
	v := View{UPS: snapshot(ups.Fresh, map[string]string{"ups.status": "OB"}), History: s.h, Now: s.now.Add(7 * time.Second)}
	got := values(t, Status(v))
	if got["TONBATT"] != "7 Seconds" || got["CUMONBATT"] != "108 Seconds" {
		t.Errorf("TONBATT %s, CUMONBATT %s", got["TONBATT"], got["CUMONBATT"])
	}
}

func TestOtherEvents(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL").then(time.Second, ups.Stale, "OL").then(time.Second, ups.Absent, "").then(time.Second, ups.Fresh, "OL").
		then(time.Second, ups.Fresh, "OL TEST").then(10*time.Second, ups.Fresh, "OL", "ups.test.result", "Done and passed").
		then(time.Second, ups.Fresh, "OL RB", "ups.alarm", "No battery installed!").then(time.Second, ups.Fresh, "OL")
	want := `10:00:01 Communications with UPS lost.
10:00:03 Communications with UPS restored.
10:00:04 UPS Self Test switch to battery.
10:00:14 UPS Self Test completed: Battery OK
10:00:15 Battery disconnected.
10:00:15 UPS battery must be replaced.
10:00:16 Battery reattached.
`
	if got := s.events(); got != want {
		t.Errorf("events are\n%swant\n%s", got, want)
	}
	if got := s.value(t, "LASTSTEST"); got != "2026-11-26 10:00:04 +0100  " {
		t.Errorf("LASTSTEST is %q", got)
	}
	if got := s.value(t, "LASTXFER"); got != reasonTest {
		t.Errorf("LASTXFER is %q", got)
	}
}

// An outage is not over because the UPS cannot be read; and a slave, which waits for the end of a test, is never told that it is one.
func TestLostDuringAnOutage(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL TEST").then(5*time.Second, ups.Fresh, "OB", "input.transfer.reason", "self test").then(time.Second, ups.Stale, "OB").
		then(time.Second, ups.Absent, "").then(time.Second, ups.Fresh, "OB")
	if s.h.Transfers != 1 || !s.h.Battery || s.h.Reason != reasonUnknown {
		t.Errorf("the history is %+v", s.h)
	}
	if got := s.events(); strings.Contains(got, "Power is back") {
		t.Errorf("events are\n%s", got)
	}
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		want string
		vars []string
	}{
		{reasonUnknown, nil},
		{reasonLow, []string{"input.voltage", "0.0"}},
		{reasonLow, []string{"input.voltage", "170", "input.transfer.low", "176"}},
		{reasonHigh, []string{"input.voltage", "300", "input.transfer.high", "294"}},
		{reasonUnknown, []string{"input.voltage", "230", "input.transfer.low", "176", "input.transfer.high", "294", "input.voltage.nominal", "230"}},
		{reasonLow, []string{"input.voltage", "100", "input.voltage.nominal", "230"}},
		{reasonLow, []string{"input.transfer.reason", "input voltage out of range", "input.voltage", "0"}},
		{reasonUnknown, []string{"input.transfer.reason", "input voltage out of range"}},
		{reasonFrequency, []string{"input.transfer.reason", "input frequency out of range"}},
		{reasonHigh, []string{"input.transfer.reason", "utility high line voltage"}},
		{reasonNotch, []string{"input.transfer.reason", "line voltage notch or spike"}},
		{reasonForced, []string{"input.transfer.reason", "remote command"}},
		{reasonUnknown, []string{"input.transfer.reason", "Automatic or explicit self test"}},
		{reasonUnknown, []string{"input.transfer.reason", "No transfers since turnon"}},
	} {
		s := newStory().then(0, ups.Fresh, "OL").then(time.Second, ups.Fresh, "OB", tt.vars...)
		if got := s.value(t, "LASTXFER"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.vars, got, tt.want)
		}
	}
	late := newStory().then(0, ups.Fresh, "OL").then(time.Second, ups.Fresh, "OB", "input.voltage", "230").then(time.Second, ups.Fresh, "OB", "input.voltage", "0")
	if got := late.value(t, "LASTXFER"); got != reasonLow {
		t.Errorf("a voltage that is read later makes it %q", got)
	}
}

// What the card was off for is not time on battery: nobody saw it.
func TestRestarts(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL", "input.voltage", "230.0").then(0, ups.Fresh, "OL", "input.voltage", "225").then(time.Second, ups.Fresh, "OB", "input.voltage", "235.5").then(40*time.Second, ups.Fresh, "OB")
	data, err := json.Marshal(s.h)
	if err != nil {
		t.Fatal(err)
	}
	restarted := func() *story {
		r := &story{now: s.now}
		if err := json.Unmarshal(data, &r.h); err != nil {
			t.Fatal(err)
		}
		return r
	}
	short, long := restarted().then(20*time.Second, ups.Fresh, "OL"), restarted().then(5*time.Hour, ups.Fresh, "OL")
	on := restarted().then(20*time.Second, ups.Fresh, "OB")
	for key, want := range map[string][3]string{"CUMONBATT": {"60 Seconds", "40 Seconds", "0 Seconds"}, "NUMXFERS": {"1", "1", "1"}, "MAXLINEV": {"235.5 Volts", "235.5 Volts", "235.5 Volts"},
		"MINLINEV": {"225.0 Volts", "225.0 Volts", "225.0 Volts"}, "STARTTIME": {"2026-11-26 10:00:00 +0100  ", "2026-11-26 10:00:00 +0100  ", "2026-11-26 10:00:00 +0100  "}} {
		for i, r := range []*story{short, long, on} {
			if got := r.value(t, key); got != want[i] {
				t.Errorf("%s after restart %d: %q, want %q", key, i, got, want[i])
			}
		}
	}
	if strings.Count(on.events(), "Power failure.") != 1 {
		t.Errorf("an outage is told twice:\n%s", on.events())
	}
}

// A card has no clock of its own: what it noted before it knew the time moves to where it was.
func TestClockIsSet(t *testing.T) {
	s := newStory().then(0, ups.Fresh, "OL").then(time.Second, ups.Fresh, "OB").then(time.Second, ups.Fresh, "OL")
	began := s.now.Add(time.Hour)
	s.then(time.Hour, ups.Fresh, "OB").then(time.Second, ups.Fresh, "OB")
	s.h = s.h.Shift(began, 240*time.Hour)
	s.now = s.now.Add(240 * time.Hour)
	s.then(time.Second, ups.Fresh, "OL")
	for key, want := range map[string]string{"CUMONBATT": "3 Seconds", "XONBATT": "2026-12-06 11:00:02 +0100  ", "XOFFBATT": "2026-12-06 11:00:04 +0100  ",
		"STARTTIME": "2026-11-26 10:00:00 +0100  "} {
		if got := s.value(t, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := s.events(); !strings.HasPrefix(got, "10:00:01 Power failure.\n10:00:02 Power is back. UPS running on mains.\n11:00:02 Power failure.") || s.h.Events[2].Time.Day() != 6 {
		t.Errorf("events are\n%s", got)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := newStory()
	for range 100 {
		s.then(time.Second, ups.Fresh, "OB").then(time.Second, ups.Fresh, "OL")
	}
	if n := len(s.h.Events); n != MaxEvents {
		t.Errorf("%d events are kept", n)
	}
	if last := s.h.Events[MaxEvents-1]; !last.Time.Equal(s.now) || !strings.HasPrefix(last.Text, "Power is back") {
		t.Errorf("the last one is %+v", last)
	}
}

func TestHold(t *testing.T) {
	fresh := snapshot(ups.Fresh, map[string]string{"ups.status": "FSD OB LB", "server.fsd": "yes", "ups.model": "m"})
	absent := ups.NewStore().Get()
	for _, tt := range []struct {
		name   string
		before *ups.Snapshot
		next   *ups.Snapshot
		status string
		model  string
		f      ups.Freshness
	}{
		{"nothing yet", absent, absent, "", "", ups.Absent},
		{"upsd without a driver", absent, snapshot(ups.Stale, map[string]string{"server.fsd": "no"}), "", "", ups.Stale},
		{"fresh", fresh, snapshot(ups.Fresh, map[string]string{"ups.status": "OL"}), "OL", "", ups.Fresh},
		{"stale", fresh, snapshot(ups.Stale, map[string]string{"ups.status": "OB"}), "OB", "", ups.Stale},
		{"upsd gone", fresh, absent, "FSD OB LB", "m", ups.Stale},
		{"upsd back, its driver not", fresh, snapshot(ups.Stale, map[string]string{"server.fsd": "yes"}), "FSD OB LB", "m", ups.Stale},
		{"FSD taken back meanwhile", fresh, snapshot(ups.Stale, map[string]string{"server.fsd": "no"}), "OB LB", "m", ups.Stale},
	} {
		got := Hold(tt.before, tt.next)
		if got.Value("ups.status") != tt.status || got.Value("ups.model") != tt.model || got.Freshness() != tt.f {
			t.Errorf("%s: %q of %q, %s", tt.name, got.Value("ups.status"), got.Value("ups.model"), got.Freshness())
		}
	}
}
