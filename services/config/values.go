package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/upscard/upscard/services/lazyre"
)

// Limits of what one file may hold.
const (
	maxAddresses = 32 // of the NUT server
	maxServers   = 8  // of names, of time
	maxPrefixes  = 16 // of one interface
	maxCommands  = 64 // of one user
	maxEntries   = 64 // of UPSes, of users, of interfaces
	maxName      = 64 // bytes; a UPS's name becomes part of a socket's path
)

var (
	namePattern = lazyre.New(`^[A-Za-z0-9._-]+$`)
	idPattern   = lazyre.New(`^(0[xX])?[0-9a-fA-F]{1,4}$`)
	portPattern = lazyre.New(`^[1-9][0-9]{0,2}-[1-9][0-9]{0,2}(\.[1-9][0-9]{0,2}){0,6}$`)
)

// CheckName tells what is wrong with the name of a UPS or a user.
func CheckName(name string) error {
	if len(name) > maxName || !namePattern.MatchString(name) {
		return fmt.Errorf("name %s: want letters, digits, %q, %q or %q, at most %d", quote(name), ".", "_", "-", maxName)
	}
	return nil
}

func text(v value, most int) (string, error) {
	switch {
	case v.kind != unstable.String:
		return "", wrongType("text in quotes", v)
	case v.text == "":
		return "", errors.New("want text, got nothing")
	case len(v.text) > most:
		return "", fmt.Errorf("want at most %d bytes, got %d", most, len(v.text))
	case strings.ContainsFunc(v.text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", errors.New("want text without control characters")
	}
	return v.text, nil
}

// secret is text; the errors of text do not repeat it.
func secret(v value) (string, error) { return text(v, 128) }

func choice(v value, words ...string) (string, error) {
	want := fmt.Sprintf("%q", words[0])
	for _, w := range words[1:] {
		want += fmt.Sprintf(" or %q", w)
	}
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	if !slices.Contains(words, v.text) {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

func action(v value) (string, error) { return choice(v, "SET", "FSD") }

// command accepts the name of any instant command: drivers may have their own.
func command(v value) (string, error) {
	const want = `a command in quotes, as "beeper.mute", or "ALL"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	isAll := strings.EqualFold(v.text, AllCommands)
	if len(v.text) > maxName || !namePattern.MatchString(v.text) || isAll && v.text != AllCommands {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

// seconds accepts 1 up to most.
func seconds(v value, most int64) (time.Duration, error) {
	want := fmt.Sprintf("whole seconds from 1 to %d", most)
	if v.kind != unstable.Integer {
		return 0, wrongType(want, v)
	}
	n, err := strconv.ParseInt(v.text, 0, 64)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("want %s, got %.20s", want, v.text)
	}
	return time.Duration(n) * time.Second, nil
}

// whole accepts a whole number of units.
func whole(v value, least, most int, unit string) (int, error) {
	want := fmt.Sprintf("whole %s from %d to %d", unit, least, most)
	if v.kind != unstable.Integer {
		return 0, wrongType(want, v)
	}
	n, err := strconv.ParseInt(v.text, 0, 32)
	if err != nil || n < int64(least) || n > int64(most) {
		return 0, fmt.Errorf("want %s, got %.20s", want, v.text)
	}
	return int(n), nil
}

func setFlag(to *bool, v value) error {
	if v.kind != unstable.Bool {
		return wrongType("true or false", v)
	}
	*to = v.text == "true"
	return nil
}

func addresses(v value) ([]string, error) {
	if v.kind != unstable.Array {
		return nil, wrongType(`a list of addresses, as ["192.168.1.5:3493"]`, v)
	}
	return some(v, maxAddresses, address)
}

// address accepts HOST:PORT with an IP address, "localhost" or nothing as the host; port 0 is any free one.
func address(v value) (string, error) {
	const want = `an address with a port in quotes, as "192.168.1.5:3493", "[2001:db8::5]:3493" or ":3493"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	numeric := v.text
	for _, host := range []string{"localhost:", ":"} {
		if port, ok := strings.CutPrefix(v.text, host); ok {
			numeric = "127.0.0.1:" + port
			break
		}
	}
	if _, err := netip.ParseAddrPort(numeric); err != nil {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

// valueError is wrong with one item of a list.
type valueError struct {
	offset int
	error
}

// wrongType names the type only: the value might be a secret.
func wrongType(want string, v value) error {
	got := map[unstable.Kind]string{
		unstable.String: "text", unstable.Integer: "a whole number", unstable.Float: "a number with a point", unstable.Bool: "true or false",
		unstable.Array: "a list", unstable.Table: "a table", unstable.InlineTable: "a table", unstable.ArrayTable: "a list of tables",
	}[v.kind]
	if got == "" {
		got = "a date or time"
	}
	return fmt.Errorf("want %s, got %s", want, got)
}

func quote(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return strconv.Quote(s)
}
