package main

import (
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/handover"
)

// options are what the kernel command line says to us.
type options struct {
	hostname   string // "": as configured
	rescue     bool   // a shell for root on the serial console
	debug      bool
	noWatchdog bool // the hardware's is left alone
}

// optionPrefix begins each of our words; all others are the kernel's.
const optionPrefix = "upscard."

// parseCmdline reads the kernel command line. complaints names each word of ours that means nothing; it is otherwise passed over.
func parseCmdline(cmdline string) (o options, complaints []string) {
	words := map[string]func(value string) error{
		"hostname": func(v string) error { return setHostname(&o.hostname, v) },
		"rescue":   func(v string) error { return setSwitch(&o.rescue, v) },
		"debug":    func(v string) error { return setSwitch(&o.debug, v) },
		"watchdog": func(v string) error { return setOff(&o.noWatchdog, v) },
	}
	for word := range strings.FieldsSeq(cmdline) {
		ours, found := strings.CutPrefix(word, optionPrefix)
		if !found {
			continue
		}
		name, value, _ := strings.Cut(ours, "=")
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
