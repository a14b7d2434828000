// Mkinitramfs builds the card's root file system.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/upscard/upscard/initramfs"
)

func main() {
	out := flag.String("o", "", "file to write")
	arch := flag.String("arch", "arm64", "architecture, as Go names it")
	date := flag.String("date", "", "`date` of the sources in Unix seconds")
	base := flag.String("base", "", "a root file system that this is to equal but for the files named: a `file` that was built before")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: mkinitramfs -o FILE [-base FILE | -arch ARCH -date SECONDS] HOST-FILE:PATH-ON-CARD ...")
		flag.PrintDefaults()
	}
	flag.Parse()
	binaries := map[string]string{}
	for _, arg := range flag.Args() {
		outside, inside, ok := strings.Cut(arg, ":")
		if !ok {
			fmt.Fprintf(os.Stderr, "mkinitramfs: %q: expected HOST-FILE:PATH-ON-CARD\n", arg)
			os.Exit(2)
		}
		binaries[inside] = outside
	}
	if *out == "" {
		flag.Usage()
		os.Exit(2)
	}
	err := error(nil)
	if *base != "" {
		err = initramfs.Replace(*out, *base, binaries)
	} else {
		err = build(*out, *arch, *date, binaries)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mkinitramfs:", err)
		os.Exit(1)
	}
}

// build gives the builder a directory for its work and removes that, after a Ctrl-C too.
func build(out, arch, date string, binaries map[string]string) error {
	tmp, err := os.MkdirTemp("", "upscard-initramfs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- initramfs.Build(out, arch, date, tmp, binaries) }()
	select {
	case err := <-done:
		return err
	case <-interrupted:
		return errors.Join(errors.New("interrupted"), removeAll(tmp))
	}
}

// removeAll removes a directory into which a compiler that has been interrupted too may still be writing.
func removeAll(dir string) (err error) {
	for range 20 {
		if err = os.RemoveAll(dir); err == nil {
			if _, gone := os.Stat(dir); gone != nil {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
