// Command probe tries from inside a program's sandbox what the program must not be able to do.
//
//	probe DUTY harmless PID SOURCE    every attempt that is refused with an error; PID is another user's process, SOURCE says
//	                                  which of the configuration's files is in force
//	probe DUTY ATTEMPT                one attempt that must kill the process; "list" names them
//
// DUTY is what services/sandbox tightens for; "-" leaves it at what `init confine` has set. It prints a line for each
// attempt: "probe NAME RESULT", the result being "done" or the name of the error.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/sandbox"
)

// attempt is one thing to try.
type attempt struct {
	name string
	try  func() error
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("a duty and an attempt are needed")
	}
	if args[0] != "-" {
		if err := sandbox.Tighten(args[0]); err != nil {
			return err
		}
	}
	if args[1] == "list" {
		for _, a := range deadly() {
			fmt.Println("probe", a.name)
		}
		return nil
	}
	if args[1] != "harmless" {
		for _, a := range deadly() {
			if a.name == args[1] {
				report(a)
				return nil
			}
		}
		return fmt.Errorf("%q: no such attempt", args[1])
	}
	if len(args) != 4 {
		return errors.New("a process and a source are needed")
	}
	pid, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	for _, a := range harmless(pid, args[3]) {
		report(a)
	}
	return nil
}

func report(a attempt) {
	result := "done"
	var errno unix.Errno
	if err := a.try(); errors.As(err, &errno) {
		result = unix.ErrnoName(errno)
	} else if err != nil {
		result = err.Error()
	}
	fmt.Println("probe", a.name, result)
}
