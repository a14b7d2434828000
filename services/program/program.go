// Package program does what every program that init starts does at its start.
package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/upscard/upscard/services/config"
)

// Flags are those that all of them have.
type Flags struct {
	Config string
	Run    string
	Ready  int // descriptor, 0: none
}

// Set returns the flags of the named program, to which it may add its own. What is wrong with them is said to stderr.
func (f *Flags) Set(name string, stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&f.Config, "config", config.DefaultPath, "configuration `file`; a missing one means defaults")
	fs.StringVar(&f.Run, "run", "/run", "`directory` of what programs share while they run")
	fs.IntVar(&f.Ready, "ready", 0, "inherited file `descriptor` that is told how the program fares, if over 0")
	return fs
}

// UIDs is a flag that may be repeated: processes of which users may do something, besides root's and our own.
type UIDs []uint32

func (u *UIDs) String() string { return fmt.Sprint([]uint32(*u)) }

// Set takes one user id.
func (u *UIDs) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is no user id", s)
	}
	*u = append(*u, uint32(n))
	return nil
}

// Parse takes the command line, which may hold flags only.
func Parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", fs.Arg(0))
		fmt.Fprintf(fs.Output(), "%s: %v\n", fs.Name(), err)
		return err
	}
	return nil
}

// UsageCode is the exit code for an error of Parse: 0 if help was asked for, otherwise 2.
func UsageCode(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return 2
}

// Logger leaves out the time: whoever reads the lines puts it in front.
func Logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: dropTime}))
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime { // slog's own, no attribute of that name
		return slog.Attr{}
	}
	return a
}
