package upsmonconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/monitor"
)

// directive is what one word at the beginning of a line means (upsmon.conf(5), NUT 2.8.5).
type directive struct {
	words int // that must follow
	set   func(*File, []string) error
}

var directives = map[string]directive{
	"MONITOR":        {5, (*File).monitor},
	"MINSUPPLIES":    {1, number(0, func(f *File) *int { return &f.Policy.MinSupplies })},
	"POLLFREQ":       {1, seconds(1, func(f *File) *time.Duration { return &f.Policy.PollFreq })},
	"POLLFREQALERT":  {1, seconds(1, func(f *File) *time.Duration { return &f.Policy.PollFreqAlert })},
	"DEADTIME":       {1, seconds(0, func(f *File) *time.Duration { return &f.Policy.DeadTime })},
	"HOSTSYNC":       {1, seconds(0, func(f *File) *time.Duration { return &f.Policy.HostSync })},
	"FINALDELAY":     {1, seconds(0, func(f *File) *time.Duration { return &f.Policy.FinalDelay })},
	"NOCOMMWARNTIME": {1, seconds(0, func(f *File) *time.Duration { return &f.Policy.NoCommWarnTime })},
	"RBWARNTIME":     {1, seconds(0, func(f *File) *time.Duration { return &f.Policy.RBWarnTime })},
	"OFFDURATION":    {1, seconds(-day, func(f *File) *time.Duration { return &f.Policy.OffDuration })},
	"OBLBDURATION":   {1, seconds(-day, func(f *File) *time.Duration { return &f.Policy.OBLBDuration })},
	"OVERDURATION":   {1, seconds(-day, func(f *File) *time.Duration { return &f.Policy.OverDuration })},
	"ALARMCRITICAL":  {1, func(f *File, w []string) (err error) { f.Policy.AlarmCritical, err = yes(w[0]); return }},
	"SHUTDOWNCMD":    {1, func(f *File, w []string) error { f.ShutdownCmd = strings.Join(w, " "); return nil }},
	"POWERDOWNFLAG":  {1, func(f *File, w []string) error { f.PowerDownFlag = w[0]; return nil }},
	"SHUTDOWNEXIT":   {1, (*File).shutdownExit},
	"NOTIFYCMD":      {1, func(f *File, w []string) error { f.NotifyCmd = w; return nil }},
	"NOTIFYMSG":      {2, (*File).notifyMsg},
	"NOTIFYFLAG":     {2, (*File).notifyFlag},
}

const day = 24 * 60 * 60

func number(least int, at func(*File) *int) func(*File, []string) error {
	return func(f *File, w []string) error {
		n, err := strconv.Atoi(w[0])
		if err != nil || n < least || n > 1000*day {
			return fmt.Errorf("want a whole number from %d, got %q", least, w[0])
		}
		*at(f) = n
		return nil
	}
}

func seconds(least int, at func(*File) *time.Duration) func(*File, []string) error {
	return func(f *File, w []string) error {
		var n int
		if err := number(least, func(*File) *int { return &n })(f, w); err != nil {
			return err
		}
		*at(f) = time.Duration(n) * time.Second
		return nil
	}
}

func yes(word string) (bool, error) {
	switch strings.ToLower(word) {
	case "1", "yes", "on", "true":
		return true, nil
	case "0", "no", "off", "false":
		return false, nil
	}
	return false, fmt.Errorf("want yes or no, got %q", word)
}

// shutdownExit takes yes (at once), no (never) or seconds.
func (f *File) shutdownExit(w []string) error {
	if n, err := strconv.Atoi(w[0]); err == nil {
		f.ShutdownExit = n
		return nil
	}
	on, err := yes(w[0])
	if !on {
		f.ShutdownExit = -1
	}
	return err
}

// typeOf knows every type that NUT has.
func typeOf(word string) (monitor.Type, error) {
	if t := monitor.Type(strings.ToUpper(word)); slices.Contains(monitor.Types(), t) || t == "SUSPEND_TIMEJUMP_UNEXPECTED" {
		return t, nil
	}
	return "", fmt.Errorf("there is no notice %q", word)
}

func (f *File) notifyMsg(w []string) error {
	t, err := typeOf(w[0])
	if err == nil {
		f.Messages[t] = w[1]
	}
	return err
}

func (f *File) notifyFlag(w []string) error {
	t, err := typeOf(w[0])
	if err != nil {
		return err
	}
	var flags Flag
	for _, word := range strings.FieldsFunc(strings.Join(w[1:], "+"), func(r rune) bool { return r == '+' }) {
		switch strings.ToUpper(word) {
		case "SYSLOG":
			flags |= Syslog
		case "WALL":
			flags |= Wall
		case "EXEC":
			flags |= Exec
		case "IGNORE":
			flags = 0
		default:
			return fmt.Errorf("there is no flag %q", word)
		}
	}
	f.Flags[t] = flags
	return nil
}

// Message is the text of a notice, the file's if it has one.
func (f *File) Message(n monitor.Notice) string {
	text, given := f.Messages[n.Type]
	if !given {
		return n.Text()
	}
	text = strings.Replace(text, "%s", n.UPS, 1)
	return strings.Replace(text, "%s", n.More, 1)
}
