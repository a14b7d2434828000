// Package upsmonconf reads NUT's upsmon.conf.
package upsmonconf

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/parseconf"
)

// MaxSize is the size of the longest file that is read, in bytes.
const MaxSize = 256 << 10

// File is what an upsmon.conf says.
type File struct {
	Policy   monitor.Config
	Monitors []Monitor // in the order of the file, as Policy.UPS

	ShutdownCmd   string // for a shell
	PowerDownFlag string // path, "" for none
	ShutdownExit  int    // seconds between ShutdownCmd and the end, negative: never
	NotifyCmd     []string
	Messages      map[monitor.Type]string
	Flags         map[monitor.Type]Flag // of those that are given
	Ignored       []string              // directives that mean nothing here, with their places
}

// Monitor is one UPS to watch.
type Monitor struct {
	System         string // as the file has it
	UPS, Address   string // Address is HOST:PORT
	User, Password string
	Primary        bool
}

// Flag says what is done with a notice.
type Flag uint8

// The flags. None of them is IGNORE.
const (
	Syslog Flag = 1 << iota
	Wall
	Exec
)

// FlagOf is what is done with a notice of a type.
func (f *File) FlagOf(t monitor.Type) Flag {
	if flag, given := f.Flags[t]; given {
		return flag
	}
	return Syslog | Wall
}

// Parse reads a file's content; name is what its errors call it.
func Parse(name string, data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, MaxSize)
	}
	f := &File{Policy: monitor.Default(), Messages: make(map[monitor.Type]string), Flags: make(map[monitor.Type]Flag)}
	f.Policy.Halts = true
	var split parseconf.Splitter
	var wrong []error
	for number, line := range bytes.Split(data, []byte("\n")) {
		words, err := split.Split(bytes.TrimRight(line, "\r"))
		if err == nil && len(words) > 0 {
			err = f.directive(words)
		}
		switch {
		case errors.Is(err, errUnknown):
			f.Ignored = append(f.Ignored, fmt.Sprintf("%s:%d: %s", name, number+1, words[0]))
		case err != nil:
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", name, number+1, err))
		}
	}
	if err := f.check(); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return f, nil
}

var errUnknown = errors.New("no such directive")

// directive takes one line.
func (f *File) directive(line [][]byte) error {
	words := make([]string, len(line))
	for i, w := range line {
		words[i] = string(w)
	}
	d, ok := directives[strings.ToUpper(words[0])]
	if !ok {
		return errUnknown
	}
	if len(words)-1 < d.words {
		return fmt.Errorf("%s: want %d words, got %d", words[0], d.words, len(words)-1)
	}
	if err := d.set(f, words[1:]); err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	return nil
}

// check is upsmon's own: without enough power there would be nothing but a shutdown.
func (f *File) check() error {
	if len(f.Monitors) == 0 {
		return errors.New("no MONITOR: there is nothing to watch")
	}
	power := 0
	for _, u := range f.Policy.UPS {
		power += u.Power
	}
	if power < f.Policy.MinSupplies {
		return fmt.Errorf("the power values are %d together, MINSUPPLIES wants %d", power, f.Policy.MinSupplies)
	}
	return nil
}

// monitor takes MONITOR system powervalue username password type.
func (f *File) monitor(words []string) error {
	m := Monitor{System: words[0], User: words[2], Password: words[3]}
	power, err := strconv.Atoi(words[1])
	if err != nil || power < 0 {
		return fmt.Errorf("want a power value of 0 or more, got %q", words[1])
	}
	switch strings.ToLower(words[4]) {
	case "primary", "master":
		m.Primary = true
	case "secondary", "slave":
	default:
		return fmt.Errorf("want primary or secondary, got %q", words[4])
	}
	if m.UPS, m.Address, err = system(words[0]); err != nil {
		return err
	}
	for _, other := range f.Monitors {
		if other.System == m.System {
			return fmt.Errorf("%s is there already", m.System)
		}
	}
	f.Monitors = append(f.Monitors, m)
	f.Policy.UPS = append(f.Policy.UPS, monitor.UPS{Name: m.System, Power: power, Primary: m.Primary, Own: 1})
	return nil
}

// system takes <upsname>[@<hostname>[:<port>]] apart.
func system(s string) (ups, address string, err error) {
	ups, at, given := strings.Cut(s, "@")
	if !given {
		at = "localhost"
	}
	host, port := at, "3493"
	if i := strings.LastIndexByte(at, ':'); i >= 0 && (strings.Count(at, ":") == 1 || strings.HasPrefix(at, "[") && at[i-1] == ']') {
		host, port = at[:i], at[i+1:]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, wrong := strconv.ParseUint(port, 10, 16); ups == "" || host == "" || wrong != nil {
		return "", "", fmt.Errorf("want UPS[@HOST[:PORT]], got %q", s)
	}
	return ups, net.JoinHostPort(host, port), nil
}
