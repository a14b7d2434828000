// Command bench compares our servers with others that do the same, on this machine, or holds upsd under load.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	k := kit{}
	fs.StringVar(&k.programs, "programs", "images/out/bin", "`directory` of our programs")
	fs.StringVar(&k.cache, "debian", "images/out/bench", "`directory` that Debian's programs are unpacked in")
	length := fs.Duration("time", 2*time.Second, "`duration` of one measurement")
	rounds := fs.Int("rounds", 3, "`number` of measurements of each, of which the median is printed")
	only := fs.String("only", "", "`pattern` of the rows to measure (default all)")
	write := fs.String("write", "", "`document` to put the figures in, besides printing them")
	held := fs.Bool("hold", false, "hold our program under load, and look for what is left afterwards, instead of comparing it")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := raiseFiles(); err != nil {
		return err
	}
	if *write != "" && *only != "" {
		return errors.New("-write wants all rows, without -only")
	}
	report := &strings.Builder{}
	out := io.MultiWriter(os.Stdout, report)
	fmt.Fprintf(out, "%s; %s.\n", machine(), versions())
	name, err := "compared", error(nil)
	if *held {
		fmt.Fprintln(out, "```")
		name, err = "held", hold(ctx, k.ours("upsd"), full, out)
		fmt.Fprintln(out, "```")
	} else {
		err = compare(ctx, k, settings{length: *length, rounds: *rounds, only: *only}, out)
	}
	if *write == "" || ctx.Err() != nil {
		return err
	}
	return errors.Join(err, updateFile(*write, name, report.String()))
}

// raiseFiles lets this process and those that it starts have as many open files as the system allows. Go raises its own limit by itself, and
// gives children the old one unless it was set.
func raiseFiles() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
