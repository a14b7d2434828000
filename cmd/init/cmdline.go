package main

import (
	"fmt"
	"strings"
)

// options are what the kernel command line says to us.
type options struct {
	hostname string
	rescue   bool // a shell for root on the serial console
	debug    bool
}

// optionPrefix begins each of our words; all others are the kernel's.
const optionPrefix = "upscard."

// parseCmdline reads the kernel command line. complaints names each word of ours that means nothing; it is otherwise passed over.
func parseCmdline(cmdline string) (o options, complaints []string) {
	o = options{hostname: "upscard"}
	words := map[string]func(value string) error{
		"hostname": func(v string) error { return setHostname(&o.hostname, v) },
		"rescue":   func(v string) error { return setSwitch(&o.rescue, v) },
		"debug":    func(v string) error { return setSwitch(&o.debug, v) },
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

// setHostname takes one label of RFC 1123, 2.1.
func setHostname(to *string, value string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	bad := value == "" || len(value) > 63 || strings.Trim(value, letters) != "" || strings.Trim(value, "-") != value
	for _, r := range value {
		bad = bad || !strings.ContainsRune(letters, r)
	}
	if bad {
		return fmt.Errorf("want letters, digits and inner hyphens, 63 at most")
	}
	*to = value
	return nil
}
