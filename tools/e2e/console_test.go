package e2e

import (
	"regexp"
	"testing"
)

// The console shows where the card is, and how each UPS is, at the start and whenever that changes, with nobody asking.
func TestConsoleShowsStates(t *testing.T) {
	m := bootReady(t, setup{devices: []string{"upscard-1500", "plain-600"}})
	t.Log(m.console(0, `upscard: ready: upsd on 10\.0\.2\.15:3493$`))
	t.Log(m.console(0, `upscard: host upscard$`))
	t.Log(m.console(0, `upscard: eth0 10\.0\.2\.15/24\b`))
	t.Log(m.console(0, `upsd: .*msg=state ups=ups status="?OL\b`))
	t.Log(m.console(0, `upsd: .*msg=state ups=ups2 status="?OL\b`))

	mark := m.Console.Mark()
	m.do(m.UPS[0], "mains off")
	t.Log(m.console(mark, `upsd: .*msg=state ups=ups status="OB\b`))
	mark = m.Console.Mark()
	m.UPS[1].Unplug()
	t.Log(m.console(mark, `upsd: .*msg=state ups=ups2 status=stale$`))
	mark = m.Console.Mark()
	m.UPS[1].Plug()
	m.do(m.UPS[0], "mains on")
	t.Log(m.console(mark, `upsd: .*msg=state ups=ups2 status="?OL\b`))
	t.Log(m.console(mark, `upsd: .*msg=state ups=ups status="?OL\b`))

	alarms := 0
	for _, l := range m.Console.Lines() {
		if regexp.MustCompile(`msg=state .*status=(absent|stale)`).MatchString(l.Text) {
			alarms++
		}
	}
	if alarms != 1 {
		t.Errorf("%d alarms on the console, want one: the UPS that was unplugged", alarms)
	}
}
