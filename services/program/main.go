package program

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/sandbox"
)

// Main runs a program until it is asked to end, and ends the process with the exit code that run returns. By tighten the program gives up what
// the named duty does not need.
func Main(run func(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stderr, sandbox.Tighten)
	stop()
	os.Exit(code)
}

// Run tightens the named program to the duty of its name and has it serve by the configuration in file. It returns the exit code: 0 for one that was
// asked to end, 1 for a failure, which stderr is told.
func Run(name, file string, stderr io.Writer, tighten func(duty string) error, serve func(*config.Config, *slog.Logger) error) int {
	if err := start(name, file, stderr, tighten, serve); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

func start(name, file string, stderr io.Writer, tighten func(duty string) error, serve func(*config.Config, *slog.Logger) error) error {
	if err := tighten(name); err != nil {
		return err
	}
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	return serve(cfg, Logger(stderr))
}
