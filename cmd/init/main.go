// Command init is the card's PID 1.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/usb"
)

const usage = `usage: init confine SPEC PROGRAM [ARGUMENT...]   run a program as SPEC says
       init spec NAME                           print the SPEC of the program in the table; usbhid-ups.1 is the first seat's
       init log                                 print the log to the console again
       init poweroff | reboot                   stop everything first
       init tryboot                             reboot into the other system, once
       init commit                              boot the running system from now on
`

func main() {
	if os.Getpid() == 1 {
		boot()
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, syscall.Kill))
}

// run is init started by hand. The exit code is 1 for failure and 2 for wrong use.
func run(args []string, stdout, stderr io.Writer, kill func(pid int, sig syscall.Signal) error) int {
	requests := map[string]syscall.Signal{"log": sigLog, "poweroff": sigPowerOff, "reboot": sigReboot, "tryboot": sigTryboot}
	var err error
	switch sig := requests[first(args)]; {
	case sig != 0 && len(args) == 1:
		err = kill(1, sig)
	case first(args) == "commit" && len(args) == 1:
		err = commit()
	case first(args) == "confine" && len(args) >= 3:
		err = confine(args[1], args[2:])
	case first(args) == "spec" && len(args) == 2:
		err = printSpec(stdout, args[1])
	default:
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintf(stderr, "init %s: %v\n", args[0], err)
		return 1
	}
	return 0
}

func confine(text string, argv []string) error {
	spec, err := sandbox.Parse(text)
	if err != nil {
		return err
	}
	return sandbox.Exec(spec, argv)
}

func printSpec(stdout io.Writer, name string) error {
	table := append(programs(handover.Owner, cardState), confd(ownerFile("/"), stateDir("/", "confd", uidConfd)))
	for seat := 1; seat <= usb.MaxSeats; seat++ {
		table = append(table, driver(handover.Owner, seat))
	}
	i := slices.IndexFunc(table, func(p program) bool { return p.name == name })
	if i < 0 {
		return fmt.Errorf("%q: no such program", name)
	}
	_, err := fmt.Fprintln(stdout, table[i].spec())
	return err
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
