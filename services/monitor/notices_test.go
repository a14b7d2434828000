package monitor

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// readingOf makes a reading of what a script says: a status, or nothing for a UPS that is lost.
func readingOf(status string) Reading {
	return Reading{OK: status != "", Status: status, Charge: -1, Runtime: -1, Logins: 1, At: start, FSD: strings.Contains(status, "FSD")}
}

// host is an upsmon on a machine that the UPSes feed.
func host(names ...string) Config {
	c := Default()
	c.Halts = true
	for _, n := range names {
		c.UPS = append(c.UPS, UPS{Name: n, Power: 1, Primary: true, Own: 1})
	}
	return c
}

// TestNotices: a status each 5 s, and what upsmon tells of it.
func TestNotices(t *testing.T) {
	tests := []struct {
		name     string
		statuses []string
		want     string
	}{
		{"first OL is no news", []string{"OL", "OL"}, ""},
		{"first OB is", []string{"OB"}, "ONBATT"},
		{"there and back", []string{"OL", "OB DISCHRG", "OL CHRG"}, "ONBATT ONLINE"},
		{"words in their order", []string{"OL", "ALARM OB RB"}, "ALARM ONBATT REPLBATT"},
		{"what went comes first, in upsmon's order", []string{"OL BYPASS OFF CAL", "OB TRIM"}, "BYPASS OFF CAL NOTCAL NOTOFF NOTBYPASS ONBATT TRIM"},
		{"RB again after hours only", []string{"OL RB", "OL", "OL RB"}, "REPLBATT"},
		{"lost and found", []string{"OL", "", "", "OL"}, "COMMBAD COMMOK"},
		{"never seen", []string{"", ""}, "COMMBAD NOCOMM"},
		{"lost at first", []string{"", "OL"}, "COMMBAD NOCOMM COMMOK"},
		{"low on line", []string{"OL LB", "OL"}, "LOWBATT"},
		{"unknown words", []string{"OL TEST", "OL TEST WAIT", "OL"}, "OTHER OTHER NOTOTHER"},
		{"economy", []string{"OL ECO", "OL", "OL OVER", "OL BOOST"}, "ECO NOTECO OVER NOTOVER BOOST"},
		{"critical", []string{"OL", "OB LB"}, "ONBATT LOWBATT FSD SHUTDOWN"},
		{"FSD of others", []string{"OL", "FSD OL"}, "FSD SHUTDOWN"},
		{"calibration is not critical", []string{"OL", "OB CAL LB"}, "ONBATT CAL LOWBATT"},
		{"CAL after LB", []string{"OL", "OB LB CAL"}, "ONBATT LOWBATT CAL"},
		{"dead on battery", []string{"OL", "OB", "", "", "", ""}, "ONBATT COMMBAD FSD SHUTDOWN"},
		{"lost in alarm", []string{"OL ALARM", ""}, "ALARM COMMBAD FSD SHUTDOWN"},
	}
	for _, tt := range tests {
		c := host("a")
		var s State
		var got []string
		var results []Result
		now := start
		step := func(status string) {
			var out Output
			s, out = Step(&c, s, Input{Readings: map[string]Reading{"a": readingOf(status)}, Results: results}, now)
			results = nil
			for _, n := range out.Notices {
				got = append(got, string(n.Type))
			}
			for _, i := range out.Intents {
				results = append(results, Result{i, Succeeded})
			}
		}
		for _, status := range tt.statuses {
			step(status)
			step(status)
			now = now.Add(5 * time.Second)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, strings.Join(got, " "), tt.want)
		}
	}
}

// TestMinSupplies: two UPSes feed a machine that needs one of them; then each is on its own.
func TestMinSupplies(t *testing.T) {
	tests := []struct {
		a, b  string
		apart bool
		want  []string
	}{
		{"OB LB", "OL", false, nil},
		{"OB LB", "OB", false, nil},
		{"OB LB", "OB LB", false, []string{"a", "b"}},
		{"OB LB", "OL", true, []string{"a"}},
		{"OB LB", "OB LB", true, []string{"a", "b"}},
	}
	for _, tt := range tests {
		c := host("a", "b")
		c.Apart, c.Halts = tt.apart, false
		_, out := Step(&c, State{}, Input{Readings: map[string]Reading{"a": readingOf(tt.a), "b": readingOf(tt.b)}}, start)
		var got []string
		for _, i := range out.Intents {
			got = append(got, i.UPS)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}

// TestSecondaryWaitsForItsPrimary at most HOSTSYNC.
func TestSecondaryWaitsForItsPrimary(t *testing.T) {
	c := host("a")
	c.UPS[0].Primary = false
	var s State
	s, _ = Step(&c, s, Input{Readings: map[string]Reading{"a": readingOf("OL")}}, start)
	for second := 1; ; second++ {
		var out Output
		s, out = Step(&c, s, Input{Readings: map[string]Reading{"a": readingOf("OB LB")}}, start.Add(time.Duration(second)*time.Second))
		if len(out.Notices) > 0 && out.Notices[len(out.Notices)-1].Type == Shutdown {
			if second != 17 {
				t.Errorf("after %d s", second)
			}
			return
		}
		if second > 30 {
			t.Fatal("never")
		}
	}
}

// TestLimitMustLast: one odd reading of the charge shuts nothing down.
func TestLimitMustLast(t *testing.T) {
	c := host("a")
	c.Charge = 30
	var s State
	for second, charge := range []float64{80, 0, 80, 20, 20, 20, 20, 20, 20} {
		r := readingOf("OB")
		r.Charge = charge
		var out Output
		s, out = Step(&c, s, Input{Readings: map[string]Reading{"a": r}}, start.Add(time.Duration(second)*time.Second))
		if got, want := len(out.Intents) > 0, second == 8; got != want {
			t.Errorf("second %d: shut down: %v", second, got)
		}
	}
}

func TestTexts(t *testing.T) {
	got := Notice{Type: Alarm, UPS: "rack", More: "Replace battery!"}.Text()
	if want := "UPS rack: alarm: Replace battery!"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
