package usb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxRosterText bounds a roster's text in bytes: 64 seats, each with three strings of at most 126 characters, every one escaped.
const MaxRosterText = 256 << 10

// RosterPath is the roster's file in the run directory. It is replaced, so its readers need a directory that they may be given.
func RosterPath(runDir string) string { return filepath.Join(runDir, "usb", "roster") }

// Kinds of seats in a roster's text.
const (
	kindUPS   = "ups"
	kindOther = "other"
)

// String is the roster's text: a line `NUMBER PORT VENDOR:PRODUCT ups|other "SERIAL" "MANUFACTURER" "PRODUCT"` for each seat, without the
// last two where the device has neither.
func (r Roster) String() string {
	var b strings.Builder
	for i, s := range r {
		kind := kindUPS
		if s.NotUPS {
			kind = kindOther
		}
		fmt.Fprintf(&b, "%d %s %04x:%04x %s %s", i+1, s.Port, s.Vendor, s.Product, kind, strconv.QuoteToASCII(s.Serial))
		if s.Manufacturer != "" || s.ProductName != "" {
			fmt.Fprintf(&b, " %s %s", strconv.QuoteToASCII(s.Manufacturer), strconv.QuoteToASCII(s.ProductName))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// ParseRoster reads a roster's text. Its errors name the line.
func ParseRoster(text string) (Roster, error) {
	var r Roster
	number := 0
	for line := range strings.Lines(text) {
		number++
		seat, err := parseSeat(number, strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("roster, line %d: %w", number, err)
		}
		for i := range r {
			if r[i].Is(seat) {
				return nil, fmt.Errorf("roster, line %d: %v has seat %d already", number, seat, i+1)
			}
		}
		if r = append(r, seat); len(r) > MaxSeats {
			return nil, fmt.Errorf("roster, line %d: more than %d seats", number, MaxSeats)
		}
	}
	return r, nil
}

func parseSeat(number int, line string) (Seat, error) {
	fields := strings.SplitN(line, " ", 5)
	if len(fields) != 5 {
		return Seat{}, errors.New(`want NUMBER PORT VENDOR:PRODUCT ups|other "SERIAL" ["MANUFACTURER" "PRODUCT"]`)
	}
	if fields[0] != strconv.Itoa(number) {
		return Seat{}, fmt.Errorf("seat number %q: want %d", fields[0], number)
	}
	if !ValidPort(fields[1]) {
		return Seat{}, fmt.Errorf("%q is no port path", fields[1])
	}
	vendor, product, _ := strings.Cut(fields[2], ":")
	vid, err1 := strconv.ParseUint(vendor, 16, 16)
	pid, err2 := strconv.ParseUint(product, 16, 16)
	if errors.Join(err1, err2) != nil {
		return Seat{}, fmt.Errorf("%q: want VENDOR:PRODUCT in hexadecimal", fields[2])
	}
	if fields[3] != kindUPS && fields[3] != kindOther {
		return Seat{}, fmt.Errorf("kind %q: want %s or %s", fields[3], kindUPS, kindOther)
	}
	seat := Seat{Port: fields[1], Vendor: uint16(vid), Product: uint16(pid), NotUPS: fields[3] == kindOther}
	texts, err := parseTexts(fields[4])
	switch {
	case err != nil:
		return Seat{}, err
	case len(texts) == 3:
		seat.Manufacturer, seat.ProductName = texts[1], texts[2]
	case len(texts) != 1:
		return Seat{}, fmt.Errorf(`%d texts: want "SERIAL", or "SERIAL" "MANUFACTURER" "PRODUCT"`, len(texts))
	}
	seat.Serial = texts[0]
	return seat, nil
}

// parseTexts reads quoted texts with blanks between.
func parseTexts(line string) ([]string, error) {
	var texts []string
	for {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("%.80s: want text in double quotes", line)
		}
		text, err := strconv.Unquote(quoted)
		if err != nil || !utf8.ValidString(text) {
			return nil, fmt.Errorf("%.80s: want text in double quotes", quoted)
		}
		texts = append(texts, text)
		rest := line[len(quoted):]
		if rest == "" {
			return texts, nil
		}
		var ok bool
		if line, ok = strings.CutPrefix(rest, " "); !ok {
			return nil, fmt.Errorf("%.80s: want a blank between texts", rest)
		}
	}
}

// ReadRoster reads the run directory's roster. A file that does not exist is an empty roster.
func ReadRoster(runDir string) (Roster, error) {
	f, err := os.Open(RosterPath(runDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxRosterText+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxRosterText {
		return nil, fmt.Errorf("%s: longer than %d bytes", f.Name(), MaxRosterText)
	}
	return ParseRoster(string(text))
}

// WriteRoster replaces the run directory's roster in one step, so that no reader sees half of it.
func WriteRoster(runDir string, r Roster) error {
	dir := filepath.Dir(RosterPath(runDir))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".roster-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.WriteString(r.String())
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	return os.Rename(f.Name(), RosterPath(runDir))
}
