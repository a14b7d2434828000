// Command confd reads the owner's configuration for all other programs.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/confd"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/storage"
)

func main() {
	if err := sandbox.Tighten("confd"); err != nil {
		fmt.Fprintln(os.Stderr, "confd:", err)
		os.Exit(1)
	}
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run returns the exit code: 0 a configuration is in force, 1 failure, 2 wrong use. It does not stay.
func run(args []string, stderr io.Writer) int {
	o := confd.Options{Groups: make(map[string]int), Logger: program.Logger(stderr)}
	var common program.Flags
	flags := common.Set("confd", stderr)
	flags.Func("group", "`PROGRAM=GID` that may read the program's part; may be repeated", func(s string) error { return addGroup(o.Groups, s) })
	state := flags.String("state", "", "`directory` where the last good file is kept")
	if err := program.Parse(flags, args); err != nil {
		return program.UsageCode(err)
	}
	o.File, o.Run = common.Config, common.Run
	if *state != "" {
		keeper, err := newKeeper(*state)
		if err != nil {
			o.Logger.Warn("last good configuration", "err", err)
		} else {
			o.Keeper = keeper
		}
	}
	if common.Ready > 0 {
		o.Init = os.NewFile(uintptr(common.Ready), "ready")
	}
	if err := confd.Run(o); err != nil {
		o.Logger.Error("configuration", "err", err)
		return 1
	}
	return 0
}

func addGroup(groups map[string]int, text string) error {
	program, id, ok := strings.Cut(text, "=")
	gid, err := strconv.ParseUint(id, 10, 31)
	if !ok || program == "" || err != nil {
		return errors.New("want PROGRAM=GID")
	}
	groups[program] = int(gid)
	return nil
}

// keeper is the last good file on the state partition.
type keeper struct{ file *storage.File }

var _ confd.Keeper = keeper{}

func newKeeper(dir string) (confd.Keeper, error) {
	d, err := storage.Open(dir)
	if err != nil {
		return nil, err
	}
	file, err := d.File("upscard.toml", config.MaxSize, 0o600)
	if err != nil {
		return nil, err
	}
	return keeper{file}, nil
}

func (k keeper) Load() ([]byte, error) {
	reading, err := k.file.Load()
	return reading.Data, err
}

func (k keeper) Save(data []byte) error { return k.file.Save(data) }
