package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/upscard/upscard/services/handover"
)

// options are what the kernel command line says to us. Only a build for development lets it: rescue is a root shell for whoever can write
// one word on the SD card.
type options struct {
	hostname   string // "": as configured
	rescue     bool   // a shell for root on the serial console
	debug      bool
	noWatchdog bool // the hardware's is left alone
}

// optionPrefix begins each of our words; all others are the kernel's.
const optionPrefix = "upscard."

// release is "yes" in the build that is published, "" in one for development. The linker sets it: -X main.release=yes
var release string

// readOptions takes the kernel command line's words into account, if this build does, and logs which it leaves out.
func readOptions(cmdline string, release bool, logger func(debug bool) *slog.Logger) options {
	if !release {
		o, complaints := parseCmdline(cmdline)
		for _, c := range complaints {
			logger(o.debug).Warn("kernel command line", "word", c)
		}
		return o
	}
	if words := ourWords(cmdline); len(words) > 0 {
		logger(false).Warn("kernel command line: a release ignores what is for development", "words", strings.Join(words, " "))
	}
	return options{}
}

// ourWords are those of the kernel command line that are meant for us.
func ourWords(cmdline string) (words []string) {
	for word := range strings.FieldsSeq(cmdline) {
		if strings.HasPrefix(word, optionPrefix) {
			words = append(words, word)
		}
	}
	return words
}

// parseCmdline reads the kernel command line. complaints names each word of ours that means nothing; it is otherwise passed over.
func parseCmdline(cmdline string) (o options, complaints []string) {
	words := map[string]func(value string) error{
		"hostname": func(v string) error { return setHostname(&o.hostname, v) },
		"rescue":   func(v string) error { return setSwitch(&o.rescue, v) },
		"debug":    func(v string) error { return setSwitch(&o.debug, v) },
		"watchdog": func(v string) error { return setOff(&o.noWatchdog, v) },
	}
	for _, word := range ourWords(cmdline) {
		name, value, _ := strings.Cut(strings.TrimPrefix(word, optionPrefix), "=")
		set := words[name]
		if set == nil {
			complaints = append(complaints, fmt.Sprintf("%s: no such option", word))
		} else if err := set(value); err != nil {
			complaints = append(complaints, fmt.Sprintf("%s: %v", word, err))
		}
	}
	return o, complaints
}

func setSwitch(to *bool, value string) error {
	switch value {
	case "", "1":
		*to = true
	case "0":
		*to = false
	default:
		return fmt.Errorf("want 0 or 1")
	}
	return nil
}

func setOff(to *bool, value string) error {
	if value != "on" && value != "off" {
		return fmt.Errorf("want on or off")
	}
	*to = value == "off"
	return nil
}

func setHostname(to *string, value string) error {
	err := handover.CheckHostname(value)
	if err == nil {
		*to = value
	}
	return err
}

// build tells which of the two builds this is.
func build() string {
	if release != "" {
		return "release"
	}
	return "development build"
}
