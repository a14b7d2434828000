package upsmonconf

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/monitor"
)

const full = `# a comment
RUN_AS_USER nut
MONITOR ups@localhost 1 mon "pass word" primary
MONITOR su700@[2001:db8::1]:5678 2 mon p slave   # old word
MONITOR here 0 mon p secondary
MINSUPPLIES 2
SHUTDOWNCMD "/sbin/shutdown -h +0"
NOTIFYCMD /bin/notify "-v"
NOTIFYMSG ONBATT "on battery: %s"
NOTIFYMSG ALARM "%s says %s"
NOTIFYFLAG ONBATT SYSLOG+EXEC
NOTIFYFLAG ONLINE IGNORE
POLLFREQ 6
POLLFREQALERT 3
HOSTSYNC 20
DEADTIME 16
POWERDOWNFLAG /run/killpower
OFFDURATION -1
OBLBDURATION 4
OVERDURATION 0
RBWARNTIME 43201
NOCOMMWARNTIME 301
FINALDELAY 0
ALARMCRITICAL 0
SHUTDOWNEXIT no
`

func TestParse(t *testing.T) {
	f, err := Parse("f", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	p := monitor.Default()
	p.Halts, p.MinSupplies, p.AlarmCritical, p.FinalDelay, p.OverDuration, p.OBLBDuration, p.OffDuration = true, 2, false, 0, 0, 4*time.Second, -time.Second
	p.PollFreq, p.PollFreqAlert, p.HostSync, p.DeadTime = 6*time.Second, 3*time.Second, 20*time.Second, 16*time.Second
	p.RBWarnTime, p.NoCommWarnTime = 43201*time.Second, 301*time.Second
	p.UPS = []monitor.UPS{{Name: "ups@localhost", Power: 1, Primary: true, Own: 1}, {Name: "su700@[2001:db8::1]:5678", Power: 2, Own: 1}, {Name: "here", Own: 1}}
	if !reflect.DeepEqual(f.Policy, p) {
		t.Errorf("policy\n%+v, want\n%+v", f.Policy, p)
	}
	want := []Monitor{{"ups@localhost", "ups", "localhost:3493", "mon", "pass word", true},
		{"su700@[2001:db8::1]:5678", "su700", "[2001:db8::1]:5678", "mon", "p", false}, {"here", "here", "localhost:3493", "mon", "p", false}}
	if !slices.Equal(f.Monitors, want) {
		t.Errorf("monitors %+v", f.Monitors)
	}
	if f.ShutdownCmd != "/sbin/shutdown -h +0" || !slices.Equal(f.NotifyCmd, []string{"/bin/notify", "-v"}) || f.PowerDownFlag != "/run/killpower" || f.ShutdownExit != -1 {
		t.Errorf("%+v", f)
	}
	if f.FlagOf(monitor.OnBatt) != Syslog|Exec || f.FlagOf(monitor.Online) != 0 || f.FlagOf(monitor.FSD) != Syslog|Wall {
		t.Errorf("flags %v", f.Flags)
	}
	if got := f.Message(monitor.Notice{Type: monitor.Alarm, UPS: "u", More: "hot"}); got != "u says hot" {
		t.Errorf("message %q", got)
	}
	if !slices.Equal(f.Ignored, []string{"f:2: RUN_AS_USER"}) {
		t.Errorf("ignored %q", f.Ignored)
	}
}

func TestWrong(t *testing.T) {
	const good = "MONITOR ups 1 u p primary\n"
	for text, want := range map[string]string{
		"":                                        "f: no MONITOR",
		good + "MINSUPPLIES 2":                    "f: the power values are 1 together",
		good + "DEADTIME soon":                    `f:2: DEADTIME: want a whole number from 0, got "soon"`,
		good + "MONITOR":                          "f:2: MONITOR: want 5 words, got 0",
		good + good:                               "f:2: MONITOR: ups is there already",
		"MONITOR a 1 u p boss":                    `f:1: MONITOR: want primary or secondary, got "boss"`,
		"MONITOR @x 1 u p primary":                `f:1: MONITOR: want UPS[@HOST[:PORT]], got "@x"`,
		good + "NOTIFYFLAG ONBAT SYSLOG":          `f:2: NOTIFYFLAG: there is no notice "ONBAT"`,
		good + "NOTIFYFLAG ONBATT SYSLOG+MAIL":    `f:2: NOTIFYFLAG: there is no flag "MAIL"`,
		good + `NOTIFYCMD "a`:                     "f:2: quote or backslash",
		good + "ALARMCRITICAL perhaps":            `f:2: ALARMCRITICAL: want yes or no`,
		good + strings.Repeat("#\n", MaxSize/2+1): "f: longer than",
	} {
		if _, err := Parse("f", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("MONITOR a@:1 1 u p primary"))
	f.Add([]byte("MONITOR a@]:1 1 u p primary"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		if err == nil && len(file.Monitors) != len(file.Policy.UPS) {
			t.Error("a UPS was lost")
		}
	})
}
