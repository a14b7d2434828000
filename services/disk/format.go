package disk

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// blankBytes is how much at its beginning tells that a partition never held anything: more than any file system or boot loader leaves
// untouched there.
const blankBytes = 1 << 20

// Blank reports whether a partition is new: all zeros where a file system begins.
func Blank(node string) (bool, error) {
	f, err := os.Open(node)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, blankBytes))
	if err != nil {
		return false, fmt.Errorf("%s: %w", node, err)
	}
	return len(bytes.Trim(head, "\x00")) == 0, nil
}

// Format writes a ready-made file system, packed with gzip, to a partition. The first megabyte comes last: a power cut in the middle leaves a partition
// that still is blank.
func Format(node string, packed io.Reader) error {
	image, err := gzip.NewReader(packed)
	if err != nil {
		return fmt.Errorf("file system for %s: %w", node, err)
	}
	f, err := os.OpenFile(node, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, blankBytes)
	if _, err := io.ReadFull(image, head); err != nil {
		return fmt.Errorf("file system for %s: %w", node, err)
	}
	if _, err := io.Copy(io.NewOffsetWriter(f, blankBytes), image); err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	_, err = f.WriteAt(head, 0)
	return errors.Join(err, f.Sync(), f.Close())
}
