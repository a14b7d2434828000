package e2e

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/layout"
)

// longAgo is what a clock without a battery may show.
var longAgo = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// floorLine is how netd says that it has set a clock that cannot be right.
const floorLine = `netd: .*msg="clock set to the last known time" from=(\S+) to=(\S+)`

// A card whose clock was lost begins no earlier than its sources, and after an orderly stop no earlier than it has seen.
func TestClockFloor(t *testing.T) {
	built := buildDate(t)
	m := bootReady(t, setup{clock: longAgo})
	from, to := m.clockSet(0)
	t.Logf("the sources are of %v, the clock went from %v to %v", built, from, to)
	if !to.Equal(built) {
		t.Errorf("the clock begins at %v, the date of the sources is %v", to, built)
	}
	if from.Year() > 2001 {
		t.Errorf("the hardware's clock showed %v", from)
	}
	stopped := m.date()
	if stopped.Before(built) || stopped.After(built.Add(2*patience)) {
		t.Errorf("date prints %v", stopped)
	}

	mark := m.restart("reboot")
	m.bootedFrom(mark, layout.Of(layout.SystemA).Name, false)
	from, to = m.clockSet(mark)
	t.Logf("stopped at %v, the clock went from %v to %v", stopped, from, to)
	if from.Year() > 2001 || to.Before(stopped) || to.After(stopped.Add(patience)) {
		t.Errorf("after a stop at %v the clock begins at %v", stopped, to)
	}
	if now := m.date(); now.Before(to) {
		t.Errorf("date prints %v, the clock was set to %v", now, to)
	}
}

// buildDate is the date that the linker was told.
func buildDate(t *testing.T) time.Time {
	t.Helper()
	text, err := os.ReadFile("../../images/out/initramfs.date")
	need(t, err)
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0).UTC()
}

// clockSet waits until netd says that it has set the clock, after mark, and returns from when to when.
func (m *machine) clockSet(mark int) (from, to time.Time) {
	m.t.Helper()
	said := regexp.MustCompile(floorLine).FindStringSubmatch(m.console(mark, floorLine))
	from, err1 := time.Parse(time.RFC3339, said[1])
	to, err2 := time.Parse(time.RFC3339, said[2])
	if err1 != nil || err2 != nil {
		m.t.Fatal(err1, err2)
	}
	return from, to
}

// date is the card's time, cut to the second.
func (m *machine) date() time.Time {
	m.t.Helper()
	now, err := time.Parse(time.UnixDate, strings.TrimSpace(m.shell("date -u")))
	if err != nil {
		m.t.Fatal(err)
	}
	return now
}
