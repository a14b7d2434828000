// Package devices holds the project's own simulated UPSes.
package devices

import (
	"embed"
	"fmt"
	"strings"

	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/near"
)

//go:embed *.toml
var files embed.FS

// Default is the device that is plugged in when nobody says which.
const Default = "upscard-1500"

// Names lists the devices.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// Open returns the device of a name, or the one that a file with that path describes.
func Open(name string) (*device.Description, error) {
	if text, err := files.ReadFile(name + ".toml"); err == nil {
		return device.Parse(name, text)
	}
	if strings.ContainsAny(name, "/.") {
		return device.Load(name)
	}
	hint := ""
	if n := near.Word(name, Names()); n != "" {
		hint = fmt.Sprintf(", did you mean %q", n)
	}
	return nil, fmt.Errorf("no device %q%s (own devices: %s; else give a file's path)", name, hint, strings.Join(Names(), ", "))
}
