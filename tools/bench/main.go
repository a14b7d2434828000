// Command bench compares our servers with others that do the same, on this machine, or holds upsd under load.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
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
	held := fs.Bool("hold", false, "hold our program under load, and look for what is left afterwards, instead of comparing it")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := raiseFiles(); err != nil {
		return err
	}
	if *held {
		report, err := hold(ctx, k.ours("upsd"), full)
		fmt.Print(report)
		return err
	}
	return compare(ctx, k, settings{length: *length, rounds: *rounds, only: *only}, os.Stdout)
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
