// Mkimage makes the image that is written to an SD card.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/board/rpi"
	"github.com/upscard/upscard/tools/image"
)

// boards are those that boot from an image.
var boards = map[string]struct {
	own   func() fs.FS
	files []board.File
}{
	rpi.Name: {rpi.Own, rpi.Files},
}

func main() {
	name := flag.String("board", rpi.Name, "board to make an image for")
	out := flag.String("o", "", "image to write")
	pack := flag.Bool("pack", false, "only put OUT.zst and OUT's .sha256 beside an image that is there")
	built := flag.String("built", "images/out", "directory of what was built")
	cache := flag.String("cache", "images/out/cache", "directory of what earlier runs have compressed")
	state := flag.Bool("state", false, "only write the empty file system of the state partition, packed with gzip")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *name, *out, *built, *cache, *pack, *state); err != nil {
		fmt.Fprintln(os.Stderr, "mkimage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, out, built, cache string, pack, state bool) error {
	b, ok := boards[name]
	if !ok {
		return fmt.Errorf("no board is called %q", name)
	}
	if os.Getenv("SOURCE_DATE_EPOCH") == "" {
		if err := os.Setenv("SOURCE_DATE_EPOCH", image.Epoch); err != nil {
			return err
		}
	}
	start := time.Now()
	progress := func(what string) { fmt.Fprintf(os.Stderr, "image: %4.1f s  %s\n", time.Since(start).Seconds(), what) }

	switch {
	case pack:
		return publish(out, progress)
	case state:
		return image.PackState(ctx, out)
	}
	sources, err := board.Sources(ctx, b.own(), built)
	if err != nil {
		return err
	}
	empty, err := image.EmptyState(ctx)
	if err != nil {
		return err
	}
	if err := image.Build(ctx, out, image.Recipe{Files: b.files, Sources: sources, State: empty, Cache: cache, Progress: progress}); err != nil {
		return err
	}
	progress("done           " + out)
	return nil
}

// publish makes of an image what people download.
func publish(out string, progress func(string)) error {
	progress("packing        " + out + ".zst")
	if err := image.Pack(out); err != nil {
		return err
	}
	if err := image.Sum(strings.TrimSuffix(out, ".img")+".sha256", out, out+".zst"); err != nil {
		return err
	}
	info, err := os.Stat(out + ".zst")
	if err != nil {
		return err
	}
	progress(fmt.Sprintf("done           %s.zst has %.1f MB", out, float64(info.Size())/1e6))
	return nil
}
