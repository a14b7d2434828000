// Command flash writes the image of a card to an SD card.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage: flash                        lists the SD cards and USB sticks that are plugged in
       flash [flags] IMAGE DEVICE   writes IMAGE (.img or .img.zst) to DEVICE, then reads it back
`

func main() {
	f := flasher{host: host{sys: "/sys", proc: "/proc", dev: "/dev"}, in: os.Stdin, out: os.Stdout, open: openDevice, terminal: isTerminal(os.Stdout)}
	os.Exit(run(context.Background(), f, os.Args[1:], os.Stderr))
}

// flasher is the program and the world it acts in.
type flasher struct {
	host     host
	in       io.Reader
	out      io.Writer
	open     func(path string, exclusive bool) (target, error)
	terminal bool // out can rewrite a line
}

type options struct {
	yes, force bool
	settings   settings
}

// run returns the exit code: 0 done, 1 failure, 2 wrong use.
func run(ctx context.Context, f flasher, args []string, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("flash", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	flags.BoolVar(&o.yes, "yes", false, "do not ask before DEVICE is overwritten")
	flags.BoolVar(&o.force, "force", false, "overwrite also what is mounted, fixed, or a file; never what the running system lives on")
	o.settings.register(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	var err error
	switch flags.NArg() {
	case 0:
		if flags.NFlag() > 0 {
			flags.Usage()
			return 2
		}
		err = f.list()
	case 2:
		err = f.flash(ctx, o, flags.Arg(0), flags.Arg(1))
	default:
		flags.Usage()
		return 2
	}
	if err != nil {
		fmt.Fprintf(stderr, "flash: %v\n", err)
		return 1
	}
	return 0
}
