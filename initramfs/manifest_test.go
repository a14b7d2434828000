package initramfs

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/u-root/mkuimage/cpio"
)

var update = flag.Bool("update", false, "write the golden manifest anew")

const (
	built   = "../images/out/initramfs.cpio.zst"
	release = "../images/out/release/initramfs.cpio.zst"
	golden  = "../images/initramfs.manifest"
)

// Nothing gets into the root file system, or out of it, or changes its mode, unseen.
func TestManifest(t *testing.T) {
	for _, built := range []string{built, release} {
		t.Run(built, func(t *testing.T) { compare(t, built) })
	}
}

func compare(t *testing.T, built string) {
	packed, err := os.ReadFile(built)
	if os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("the root file system is not built: make build")
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := manifest(packed)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the root file system holds\n%s\nbut %s says\n%s\n(go test ./initramfs -update)", got, golden, want)
	}
}

// manifest lists an archive: mode, name, target of a link.
func manifest(packed []byte) (string, error) {
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	defer z.Close()
	plain, err := io.ReadAll(z)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = cpio.ForEachRecord(cpio.Newc.Reader(bytes.NewReader(plain)), func(r cpio.Record) error {
		fmt.Fprintf(&out, "%06o %s", r.Mode, r.Name)
		if r.Mode&cpio.S_IFMT == cpio.S_IFLNK {
			target, err := io.ReadAll(io.NewSectionReader(r, 0, int64(r.FileSize)))
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, " -> %s", target)
		}
		fmt.Fprintln(&out)
		return nil
	})
	return out.String(), err
}
