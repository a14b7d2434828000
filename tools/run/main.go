// Run boots the card with simulated UPSes until it is told to stop: what `make run` calls.
package main

import (
	"context"
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
	flag.StringVar(&devices, "devices", "", "blank-separated `files` that describe UPSes to plug in (default: the project's own)")
	flag.StringVar(&o.config, "config", "", "an upscard.toml `file` for the card")
	flag.Float64Var(&o.speed, "speed", 1, "how much faster than real the UPS's time runs")
	flag.BoolVar(&o.rescue, "rescue", false, "a root shell on the card's console")
	flag.StringVar(&o.append, "append", "", "more `words` for the kernel's command line")
	flag.Parse()
	o.devices = strings.Fields(devices)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
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
		if c.AwaitUPS(ctx, "ups") == nil {
			fmt.Print(welcome(c, time.Since(start)))
		}
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
		text, err := os.ReadFile(o.config)
		if err != nil {
			return cfg, nil, err
		}
		cfg.Files = map[string][]byte{"etc/upscard.toml": text}
	}
	if cfg.UPS, err = card.Simulate(o.devices, o.speed); err != nil {
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

// welcome tells a person what to do with the card.
func welcome(c *card.Card, took time.Duration) string {
	var b strings.Builder
	virtups := filepath.Join("images", "out", "bin", "virtups")
	fmt.Fprintf(&b, "\nThe card answers, %.1f s after the start.\n\n", took.Seconds())
	fmt.Fprintf(&b, "  read the UPS       upsc ups@%s\n", c.Addr("nut"))
	fmt.Fprintf(&b, "  list UPSes         upsc -l %s\n", c.Addr("nut"))
	for i, socket := range c.Control {
		which, where := "", ""
		if len(c.UPS) > 1 {
			which = fmt.Sprintf(" of UPS %d", i+1)
		}
		if socket != sim.DefaultSocket("control") {
			where = " -control " + socket
		}
		fmt.Fprintf(&b, "  pull the mains%s     %s%s mains off     (then: mains on, battery 15, unplug, help)\n", which, virtups, where)
	}
	fmt.Fprintf(&b, "  stop               Ctrl-C\n\n")
	for _, s := range card.Services {
		fmt.Fprintf(&b, "%s %s\n", s.Name, c.Addr(s.Name))
	}
	return b.String() + "\n"
}
