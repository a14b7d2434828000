package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
)

// options are the words of a rule that have a value behind them.
var options = map[string]func(r *Rule, value string) error{
	"after": func(r *Rule, v string) (err error) { r.After, err = count(v); return err },
	"times": func(r *Rule, v string) (err error) { r.Times, err = count(v); return err },
	"for":   func(r *Rule, v string) (err error) { r.For, err = span(v); return err },
	"delay": func(r *Rule, v string) (err error) { r.Delay, err = span(v); return err },
	"seed":  func(r *Rule, v string) (err error) { r.Seed, err = strconv.ParseUint(v, 0, 64); return err },
	"as":    func(r *Rule, v string) (err error) { r.As, err = devices.Open(v); return err },
}

// longest bounds what is counted and how long is waited for, so that nothing overflows.
const (
	mostTimes   = 1_000_000
	longestSpan = 24 * time.Hour
)

func count(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > mostTimes {
		return 0, fmt.Errorf("%q is no number from 1 to %d", word, mostTimes)
	}
	return n, nil
}

func span(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 || d > longestSpan {
		return 0, fmt.Errorf("%q is no time from 1ms to %v, such as 4s", word, longestSpan)
	}
	return d, nil
}

// ParseRule reads a rule as Rule.String writes it: a fault, then in any order stages, ids and kinds of reports, options with their values.
func ParseRule(words []string) (Rule, error) {
	var r Rule
	if len(words) == 0 {
		return r, fmt.Errorf("expected a fault")
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == strings.ToLower(words[0]) })
	if i < 0 {
		return r, unknown("fault", words[0], append(faultNames(), "none"))
	}
	r.Fault = kinds[i].fault
	for rest := words[1:]; len(rest) > 0; {
		set, named := options[strings.ToLower(rest[0])]
		switch {
		case !named:
			if err := r.word(strings.ToLower(rest[0])); err != nil {
				return r, err
			}
			rest = rest[1:]
			continue
		case len(rest) == 1:
			return r, fmt.Errorf("expected a value after %q", rest[0])
		}
		if err := set(&r, rest[1]); err != nil {
			return r, fmt.Errorf("%s: %w", strings.ToLower(rest[0]), err)
		}
		rest = rest[2:]
	}
	return r, r.complete()
}

// word takes a word that has no value behind it.
func (r *Rule) word(word string) error {
	var known []string
	for _, n := range stageNames {
		if n.name == word {
			r.Stage |= n.stage
			return nil
		}
		known = append(known, n.name)
	}
	for _, k := range []hid.Kind{hid.Feature, hid.Input} {
		name := strings.ToLower(k.String())
		if name == word {
			r.Kinds = append(r.Kinds, k)
			return nil
		}
		known = append(known, name)
	}
	if word[0] < '0' || word[0] > '9' {
		for name := range options {
			known = append(known, name)
		}
		slices.Sort(known[len(known)-len(options):])
		return unknown("word", word, known)
	}
	id, err := reportID(word)
	if err != nil {
		return err
	}
	r.Reports = append(r.Reports, id)
	return nil
}

func faultNames() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return all
}

// doFault lists the faults in force, ends them, or adds one.
func (u *UPS) doFault(args []string) ([]string, error) {
	switch {
	case len(args) == 0:
	case strings.EqualFold(args[0], "none"):
		if err := u.endFaults(args[1:]); err != nil {
			return nil, err
		}
	case strings.EqualFold(args[0], "help"):
		return faultHelp(), nil
	default:
		r, err := ParseRule(args)
		if err == nil {
			err = u.faults.add(r, u.opts.Now())
		}
		if err != nil {
			return nil, err
		}
	}
	return u.listFaults(), nil
}

// endFaults ends all faults and heals the device, or only ends those about one report.
func (u *UPS) endFaults(args []string) error {
	if len(args) == 0 {
		u.heal()
		return nil
	}
	word, err := one(args, "at most one report id")
	if err != nil {
		return err
	}
	id, err := reportID(word)
	if err != nil {
		return err
	}
	u.faults.clear(&id)
	return nil
}

func (u *UPS) listFaults() []string {
	now := u.opts.Now()
	u.faults.tidy(now)
	var lines []string
	for _, e := range u.faults.entries {
		line := fmt.Sprintf("%v: struck %d times", e.Rule, e.struck)
		if !e.until.IsZero() {
			line += fmt.Sprintf(", %v left", e.until.Sub(now).Round(10*time.Millisecond))
		}
		lines = append(lines, line)
	}
	if u.hangs(now) {
		lines = append(lines, "The device hangs.")
	}
	if u.trouble.away {
		lines = append(lines, "The device is away.")
	}
	if lines == nil {
		lines = []string{"No faults."}
	}
	return lines
}

// faultHelp explains the words of a rule.
func faultHelp() []string {
	lines := []string{"fault: list those in force; fault none [ID]: end all, or those of a report; fault KIND [STAGE...] [ID...] [OPTION VALUE...]:"}
	for _, k := range kinds {
		lines = append(lines, fmt.Sprintf("  %-10s %s [%v]", k.name, k.help, k.meets))
	}
	return append(lines,
		"Stages are where it strikes, reports unless told otherwise:",
		"  enumeration (standard requests), descriptor (of HID and its reports), first and steady (get: reading reports), set (writing them),",
		"  reports (get and set), any (all of these), interrupt (reports that the device sends)",
		"Options: after N chances; at most N times; for TIME such as 4s; delay TIME; seed N (of noise); as DEVICE (of swap); feature, input: kinds of report",
		"Of several that match the newest strikes. Example: fault stall steady 0x16 after 2 times 1")
}
