package initramfs

import (
	"fmt"
	"io"
	"log/slog"

	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	"github.com/u-root/gobusybox/src/pkg/golang"
	"github.com/u-root/mkuimage/cpio"
	"github.com/u-root/mkuimage/uimage"
	uinitramfs "github.com/u-root/mkuimage/uimage/initramfs"
	"github.com/u-root/uio/llog"
)

// Build compiles the programs and tools for arch (as Go names it) and writes the zstd-compressed cpio archive to file, at once or
// not at all. tmp is an empty directory to work in; binaries are ready programs on this host, init among them. date, of the sources, is in Unix seconds; "" is unknown.
// The same sources give the same bytes.
func Build(file, arch, date, tmp string, binaries map[string]string) error {
	archive := cpio.InMemArchive()
	mods := []uimage.Modifier{
		uimage.WithReplaceEnv(golang.Default(golang.WithGOOS("linux"), golang.WithGOARCH(arch), golang.DisableCGO(),
			golang.WithBuildTag("goshsmall"))), // the plain shell: the other draws menus, which a serial line garbles
		uimage.WithBaseArchive(mustArchive(base)),
		uimage.WithSkipLDD(),
		uimage.WithTempDir(tmp),
		uimage.WithBusyboxCommands(busybox()...),
		uimage.WithBusyboxBuildOpts(&golang.BuildOpts{EnableInlining: true, ExtraArgs: linkerFlags(date)}),
		uimage.WithOutput(&uinitramfs.Archive{Archive: archive}),
	}
	for inside, outside := range binaries {
		mods = append(mods, uimage.WithFiles(outside+":"+inside))
	}
	if err := uimage.Create(llog.New(slog.LevelWarn, llog.WritePrintf(os.Stderr)), mods...); err != nil {
		return fmt.Errorf("initramfs: %w", err)
	}
	return write(file, archive)
}

// linkerFlags tell the programs the date of their sources. They stand in place of u-root's own, which the first ones repeat.
func linkerFlags(date string) []string {
	return []string{"-ldflags", "-s -w -buildid= -X github.com/upscard/upscard/services/clock.buildDate=" + date}
}

func busybox() []string {
	var all []string
	for _, p := range programs {
		all = append(all, "github.com/upscard/upscard/cmd/"+p)
	}
	for _, t := range tools {
		all = append(all, "github.com/u-root/u-root/cmds/core/"+t)
	}
	return all
}

func mustArchive(records []cpio.Record) *cpio.Archive {
	a, err := cpio.ArchiveFromRecords(records)
	if err != nil {
		panic(err) // the table in contents.go names something twice
	}
	return a
}

// write compresses the archive into file by way of a temporary name beside it.
func write(file string, archive *cpio.Archive) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".initramfs-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()

	// One encoder thread: the bytes do not depend on the number of cores.
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if err := encode(z, archive); err != nil {
		return fmt.Errorf("initramfs %s: %w", file, err)
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

func encode(w io.Writer, archive *cpio.Archive) error {
	out := cpio.Newc.Writer(w)
	if err := cpio.Copy(out, archive.Reader(), cpio.MakeReproducible); err != nil {
		return err
	}
	return cpio.WriteTrailer(out)
}
