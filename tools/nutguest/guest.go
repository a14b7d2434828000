// Package nutguest boots a small guest that runs Debian's own NUT driver on a simulated UPS.
package nutguest

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/upscard/upscard/tools/card"
)

// Guest is a booted guest. Its owner calls Stop.
type Guest struct{ *card.Card }

// Start boots the guest that Build made, with the UPSes of cfg plugged in. Driver are the lines of the UPS's section in ups.conf.
func Start(cfg card.Config, driver string) (*Guest, error) {
	cfg.Files = map[string][]byte{
		"etc/nut/ups.conf": []byte("[ups]\n  driver = usbhid-ups\n  port = auto\n" + driver),
	}
	cfg.Services = []card.Service{}
	c, err := card.Start(cfg)
	if err != nil {
		return nil, err
	}
	return &Guest{c}, nil
}

var begin, end = regexp.MustCompile(`^upsc-begin$`), regexp.MustCompile(`^upsc-end$`)

// Upsc is what upsc says of the UPS at the next look, its complaint under the name "error".
func (g *Guest) Upsc(ctx context.Context) (map[string]string, error) {
	mark := g.Console.Mark()
	for _, re := range []*regexp.Regexp{begin, end} {
		if _, _, err := g.Console.Await(ctx, mark, re); err != nil {
			return nil, err
		}
	}
	// The first end may belong to a look that had begun before the mark.
	var vars map[string]string
	for _, line := range g.Console.Lines()[mark:] {
		switch name, value, _ := strings.Cut(line.Text, ": "); {
		case line.Text == "upsc-begin":
			vars = map[string]string{}
		case line.Text == "upsc-end" && vars != nil:
			return vars, nil
		case vars == nil:
		case name == "upsc-error":
			vars["error"] = value
		case strings.HasPrefix(name, "upsc "):
			vars[strings.TrimPrefix(name, "upsc ")] = value
		}
	}
	return g.Upsc(ctx)
}

// Await looks until the variables please, and returns them; when ctx ends first it tells what they were.
func (g *Guest) Await(ctx context.Context, what string, pleases func(map[string]string) bool) (map[string]string, error) {
	var last map[string]string
	for {
		vars, err := g.Upsc(ctx)
		if err != nil {
			return last, fmt.Errorf("waiting for %s: %w (last seen: %v)", what, err, last)
		}
		if last = vars; pleases(vars) {
			return vars, nil
		}
	}
}
