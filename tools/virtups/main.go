// Program virtups simulates a USB UPS for QEMU.
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

	"github.com/upscard/upscard/tools/virtups/sim"
)

const usage = `virtups serve [-usb SOCKET] [-control SOCKET] [-speed N] [DEVICE]
    plug a UPS in: one of the project's own, or a description file
virtups [-control SOCKET] COMMAND [WORDS]
    command a UPS that is plugged in; "virtups help" lists the commands

QEMU takes the UPS with
    -device qemu-xhci -chardev socket,id=u0,path=SOCKET -device usb-redir,chardev=u0
`

// Exit codes: asked to stop or done, failed, called wrongly.
const (
	exitDone = iota
	exitFailure
	exitUsage
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	var wrong usageError
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "virtups: %v\n\n%s", err, usage)
		os.Exit(exitUsage)
	case err != nil:
		fmt.Fprintf(os.Stderr, "virtups: %v\n", err)
		os.Exit(exitFailure)
	}
}

// usageError says that the program was called wrongly.
type usageError struct{ error }

// run is the program without its process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("virtups", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	control := flags.String("control", sim.DefaultSocket("control"), "")
	if err := flags.Parse(args); err != nil {
		return help(err, stdout)
	}
	switch words := flags.Args(); {
	case len(words) == 0:
		return usageError{errors.New("expected serve or a command")}
	case words[0] == "help":
		_, err := fmt.Fprintf(stdout, "%s\nCommands:\n    %s\n", usage, strings.Join(sim.Help(), "\n    "))
		return err
	case words[0] == "serve":
		return serve(ctx, *control, words[1:], stdout, stderr)
	default:
		return command(ctx, *control, words, stdout)
	}
}

// help prints the usage where it was asked for, else it tells what is wrong with the flags.
func help(err error, stdout io.Writer) error {
	if errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(stdout, usage)
		return err
	}
	return usageError{err}
}
