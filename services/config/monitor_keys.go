package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

const (
	tableMonitor = "monitor"
	tableNotify  = "notify"
)

const day = 24 * 60 * 60 // seconds

// monitorKeys are the keys of [monitor]; those of upsmon.conf have its meanings and, but for finaldelay, its defaults.
var monitorKeys = []rule[Monitor]{
	inSeconds("pollfreq", func(m *Monitor) **int { return &m.PollFreq }, 1, 60, "5",
		"How long a UPS may be silent before it is said to be lost. The card polls nothing: it sees each change at once."),
	inSeconds("deadtime", func(m *Monitor) **int { return &m.DeadTime }, 5, 300, "15",
		"A UPS that was on battery and has been lost for longer counts as on battery and low."),
	inSeconds("hostsync", func(m *Monitor) **int { return &m.HostSync }, 0, 3600, "15",
		"How long the machines that are logged in may take to log out before their UPS is switched off all the same."),
	inSeconds("finaldelay", func(m *Monitor) **int { return &m.FinalDelay }, 0, 3600, "120",
		"Time between the last logout and the order to switch the load off. A machine logs out when it begins to halt: this is for the slowest to come to its end."),
	inSeconds("nocommwarntime", func(m *Monitor) **int { return &m.NoCommWarnTime }, 1, day, "300", "Time between two notices NOCOMM."),
	inSeconds("rbwarntime", func(m *Monitor) **int { return &m.RBWarnTime }, 1, 30*day, "43200", "Time between two notices REPLBATT."),
	inSeconds("offduration", func(m *Monitor) **int { return &m.OffDuration }, -1, day, "30",
		"A UPS that has been off for longer counts as feeding nothing; -1: never."),
	inSeconds("oblbduration", func(m *Monitor) **int { return &m.OBLBDuration }, 0, day, "0", "How long on battery and low must last."),
	inSeconds("overduration", func(m *Monitor) **int { return &m.OverDuration }, -1, day, "-1",
		"A UPS that is lost while overloaded counts as feeding nothing after so long; -1: never."),
	{"alarmcritical", func(m *Monitor, v value) error { m.AlarmCritical = new(bool); return setFlag(m.AlarmCritical, v) },
		func(m Monitor) string { return showPointer(m.AlarmCritical) },
		"`true` or `false`", "`true`", "A UPS that is lost while in alarm counts as feeding nothing, after `deadtime`."},
	wholeNumber("minsupplies", func(m *Monitor) **int { return &m.MinSupplies }, 0, 64, "supplies", "each UPS is shut down for itself",
		"With it, as with upsmon, all UPSes are shut down together when fewer supplies than this are fed; 0: never. See `powervalue` of a UPS."),
	wholeNumber("charge", func(m *Monitor) **int { return &m.Charge }, 1, 99, "percent", "no such limit",
		"On battery, a charge of this or less is as good as a low battery."),
	inSeconds("runtime", func(m *Monitor) **int { return &m.Runtime }, 1, day, "no such limit",
		"On battery, so little time left is as good as a low battery."),
	inSeconds("onbattery", func(m *Monitor) **int { return &m.OnBattery }, 1, day, "no such limit",
		"So long on battery is as good as a low battery."),
	{"off", func(m *Monitor, v value) (err error) { m.Off, err = offCommand(v); return }, func(m Monitor) string { return showText(m.Off) },
		"`return`, `none` or an instant command", "`return`",
		"How the load is switched off at the end: `return` so that it comes back with the mains, `none` not at all; then machines that have halted " +
			"do not start by themselves. `return` takes `shutdown.return`, else, once the mains are back, `shutdown.reboot`."},
}

// notifyKeys are the keys of [notify.NAME].
var notifyKeys = []rule[Notify]{
	{"type", func(n *Notify, v value) (err error) { n.Type, err = choice(v, NotifySyslog, NotifyWebhook); return },
		func(n Notify) string { return showText(n.Type) }, "`syslog` or `webhook`", "must be given", "How events are told."},
	{"server", func(n *Notify, v value) (err error) { n.Server, err = serverAddress(v); return }, func(n Notify) string { return showText(n.Server) },
		`"HOST:PORT"`, "must be given for syslog", "Of syslog: who is told. Its port is usually 514."},
	{"proto", func(n *Notify, v value) (err error) { n.Proto, err = choice(v, "udp", "tcp"); return }, func(n Notify) string { return showText(n.Proto) },
		"`udp` or `tcp`", "`udp`", "Of syslog: the transport. Over UDP nobody knows whether a message arrived."},
	{"url", func(n *Notify, v value) (err error) { n.URL, err = webURL(v); return }, func(n Notify) string { return showText(n.URL) },
		"`http://` or `https://` URL, at most 512 bytes", "must be given for a webhook", "Of a webhook: where each event is sent by POST, as JSON."},
	{"events", func(n *Notify, v value) (err error) { n.Events, err = some(v, maxCommands, event); return }, func(n Notify) string { return showList(n.Events) },
		"word, or list of words, as `ONBATT`", "all", "Which events are told: the NOTIFY types of upsmon, and OFFORDER, FSDEND, ATTENTION."},
}

// wholeNumber is a rule for a number that may be 0.
func wholeNumber[T any](key string, at func(*T) **int, least, most int, unit, standard, meaning string) rule[T] {
	return rule[T]{key,
		func(to *T, v value) error {
			n, err := whole(v, least, most, unit)
			*at(to) = &n
			return err
		},
		func(x T) string { return showPointer(*at(&x)) },
		fmt.Sprintf("whole %s, %d to %d", unit, least, most), standard, meaning}
}

func inSeconds[T any](key string, at func(*T) **int, least, most int, standard, meaning string) rule[T] {
	return wholeNumber(key, at, least, most, "seconds", standard, meaning)
}

func showPointer[T any](p *T) string {
	if p == nil {
		return ""
	}
	return fmt.Sprint(*p)
}

func offCommand(v value) (string, error) {
	const want = `"return", "none" or a command, as "load.off.delay"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	if v.text != OffReturn && v.text != OffNone && (len(v.text) > maxName || !commandPattern.MatchString(v.text)) {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

// event accepts the word of any event.
func event(v value) (string, error) {
	word, err := text(v, maxName)
	if err == nil && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		err = fmt.Errorf("want an event, as %q, got %s", "ONBATT", quote(word))
	}
	return word, err
}

// serverAddress accepts HOST:PORT, with a name or an address.
func serverAddress(v value) (string, error) {
	address, err := text(v, 260)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(address)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 || host == "" {
		return "", fmt.Errorf("want a server with its port, as %q, got %s", "192.168.1.9:514", quote(address))
	}
	return address, nil
}

// webURL does not repeat what may hold a token.
func webURL(v value) (string, error) {
	address, err := text(v, 512)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("want a URL that begins with http:// or https://")
	}
	return address, nil
}

func checkNotify(n Notify) error {
	switch {
	case n.Type == "":
		return errors.New("there is no type")
	case n.Type == NotifySyslog && n.Server == "":
		return errors.New("there is no server")
	case n.Type == NotifyWebhook && n.URL == "":
		return errors.New("there is no url")
	case n.Type == NotifySyslog && n.URL != "":
		return keyError{"url", errors.New("syslog has none")}
	case n.Type == NotifyWebhook && n.Server != "":
		return keyError{"server", errors.New("a webhook has none")}
	case n.Type == NotifyWebhook && n.Proto != "":
		return keyError{"proto", errors.New("a webhook has none")}
	}
	return nil
}
