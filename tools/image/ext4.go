package image

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/upscard/upscard/services/layout"
)

// Fixed, so that every build makes the same file system.
const (
	stateUUID     = "55505343-0000-4000-8000-000000000004"
	stateHashSeed = "55505343-0000-4000-8000-000000000005"
)

// stateFeatures are named one by one: what mke2fs takes by default differs from release to release.
const stateFeatures = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file," +
	"dir_nlink,extra_isize,metadata_csum"

// EmptyState returns the ext4 file system of a new card's state partition, made by mke2fs.
func EmptyState(ctx context.Context) ([]byte, error) {
	program, err := findMke2fs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "upscard-state-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.ext4")
	p := layout.Of(layout.State)

	cmd := exec.CommandContext(ctx, program, "-q", "-F", "-O", stateFeatures, "-b", "4096", "-I", "256", "-N", "4096", "-m", "0",
		"-J", "size=4", "-e", "remount-ro", "-L", p.Label, "-U", stateUUID,
		"-E", "lazy_itable_init=0,nodiscard,root_owner=0:0,hash_seed="+stateHashSeed, path, strconv.FormatInt(p.Size/1024, 10)+"k")
	cmd.Env = append(os.Environ(), "MKE2FS_CONFIG=/dev/null", "E2FSPROGS_FAKE_TIME="+Epoch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("partition %d (%s): mke2fs: %w: %s", p.Number, p.Label, err, out)
	}
	return os.ReadFile(path)
}

// PackState writes the empty file system to path, packed with gzip: the card makes a blank state partition anew with it.
func PackState(ctx context.Context, path string) error {
	empty, err := EmptyState(ctx)
	if err != nil {
		return err
	}
	return replace(path, func(f *os.File) error {
		_, err := f.Write(packed(empty))
		return err
	})
}

// findMke2fs looks where Debian keeps it too: an ordinary user's PATH has no sbin.
func findMke2fs() (string, error) {
	for _, name := range []string{"mke2fs", "/usr/sbin/mke2fs", "/sbin/mke2fs"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("mke2fs is missing: install e2fsprogs")
}
