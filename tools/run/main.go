// Run boots the card with simulated UPSes until it is told to stop: what `make run` calls.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/tools/card"
	"github.com/upscard/upscard/tools/virtups/sim"
)

type options struct {
	image, config, append string
	devices               []string
	speed                 float64
	rescue                bool
}

func main() {
	var o options
	var devices string
	flag.StringVar(&o.image, "image", "images/out/upscard-rpi.img", "the `file` that would be written to an SD card")
	flag.StringVar(&devices, "devices", "", "`files` that describe UPSes to plug in, or the names of built-in ones, one a line (default: the project's own)")
	flag.StringVar(&o.config, "config", "", "an upscard.toml `file` for the card")
	flag.Float64Var(&o.speed, "speed", 1, "how much faster than real the UPS's time runs")
	flag.BoolVar(&o.rescue, "rescue", false, "a root shell on the card's console")
	flag.StringVar(&o.append, "append", "", "more `words` for the kernel's command line")
	flag.Parse()
	o.devices = lines(devices)
	if o.speed <= 0 || o.speed > maxSpeed {
		fmt.Fprintf(os.Stderr, "run: SPEED=%g: want a number over 0, at most %d\n", o.speed, maxSpeed)
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// maxSpeed is where a second of the battery gets shorter than the model can follow.
const maxSpeed = 3600

// lines are those of text that hold something.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func run(ctx context.Context, o options) error {
	start := time.Now()
	cfg, remove, err := prepare(o)
	if err != nil {
		return err
	}
	defer remove()
	cfg.Console = os.Stdout
	c, err := card.Start(cfg)
	if err != nil {
		return err
	}
	for _, s := range card.Services {
		if got := c.Addr(s.Name); got != fmt.Sprintf("127.0.0.1:%d", s.Host) {
			fmt.Printf("port %d of this host is taken: %s is at %s\n", s.Host, s.Name, got)
		}
	}
	if o.rescue {
		go io.Copy(c.Console, os.Stdin) // ends with this program
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		greet(ctx, c, start)
	}()
	select {
	case <-ctx.Done():
		fmt.Println("\nStopping the card.")
		c.Stop(5 * time.Second)
		<-answered
		return nil
	case <-c.Exited():
		err := c.Status()
		c.Stop(0)
		return err
	}
}

// patience is how long all UPSes may take to answer before a person is told which do.
const patience = 30 * time.Second

// greet tells a person what to do with the card as soon as its UPSes answer.
func greet(ctx context.Context, c *card.Card, start time.Time) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	names, err := c.AwaitAll(waiting)
	switch {
	case ctx.Err() != nil || errors.Is(err, card.ErrEnded):
		return
	case err != nil:
		fmt.Printf("\nAfter %v %d of %d UPSes answer; the console above says why.\n", patience, len(names), len(c.UPS))
	default:
		fmt.Printf("\nThe card answers, %.1f s after the start.\n", time.Since(start).Seconds())
	}
	fmt.Print(welcome(c, names))
}

// prepare reads everything that the command line names. The caller calls remove at the end.
func prepare(o options) (cfg card.Config, remove func(), err error) {
	if err := card.Available(); err != nil {
		return cfg, nil, err
	}
	cfg = card.Config{Image: o.image, Append: strings.Fields(o.append)}
	if o.rescue {
		cfg.Append = append(cfg.Append, "upscard.rescue")
	}
	if o.config != "" {
		if cfg.Config, err = os.ReadFile(o.config); err != nil {
			return cfg, nil, err
		}
		// The card would go on with defaults; a person at a terminal wants to hear of it at once.
		if _, err := config.Parse(o.config, cfg.Config); err != nil {
			return cfg, nil, err
		}
	}
	if cfg.UPS, err = card.Simulate(o.devices, sim.Options{Speed: o.speed}); err != nil {
		return cfg, nil, err
	}
	// The first UPS is the one that virtups commands unless told otherwise, if no other virtual UPS is.
	if conn, err := net.Dial("unix", sim.DefaultSocket("control")); err != nil {
		cfg.Control = []string{sim.DefaultSocket("control")}
	} else {
		conn.Close()
	}
	if cfg.Dir, err = card.TempDir(); err != nil {
		return cfg, nil, err
	}
	return cfg, func() { os.RemoveAll(cfg.Dir) }, nil
}

// welcome lists what a person can do, and every forwarded port.
func welcome(c *card.Card, names []string) string {
	var b strings.Builder
	say := func(what, command string) { fmt.Fprintf(&b, "  %-18s %s\n", what, command) }
	b.WriteString("\n")
	for _, name := range names {
		say("read a UPS", fmt.Sprintf("upsc %s@%s", name, c.Addr("nut")))
	}
	say("list UPSes", "upsc -l "+c.Addr("nut"))
	for i, socket := range c.Control {
		what, virtups := "pull the mains", filepath.Join("images", "out", "bin", "virtups")
		if len(c.UPS) > 1 {
			what += fmt.Sprintf(" of %d", i+1)
		}
		if socket != sim.DefaultSocket("control") {
			virtups += " -control " + socket
		}
		say(what, virtups+" mains off     (mains on, battery 15, unplug, plug ... help)")
	}
	say("stop", "Ctrl-C")
	b.WriteString("\n")
	for _, s := range card.Services {
		fmt.Fprintf(&b, "%s %s\n", s.Name, c.Addr(s.Name))
	}
	return b.String() + "\n"
}
