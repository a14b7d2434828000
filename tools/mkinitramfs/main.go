// Mkinitramfs builds the card's root file system.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/upscard/upscard/initramfs"
)

func main() {
	out := flag.String("o", "", "file to write")
	arch := flag.String("arch", "arm64", "architecture, as Go names it")
	date := flag.String("date", "", "`date` of the sources in Unix seconds")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: mkinitramfs -o FILE [-arch ARCH] [-date SECONDS] HOST-FILE:PATH-ON-CARD ...")
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
	if err := initramfs.Build(*out, *arch, *date, binaries); err != nil {
		fmt.Fprintln(os.Stderr, "mkinitramfs:", err)
		os.Exit(1)
	}
}
