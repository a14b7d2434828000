package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// chunk is how much is written before it is waited for, in bytes: an erase block of most SD cards.
const chunk = 4 << 20

// target is the device that is written.
type target interface {
	io.ReaderAt
	io.WriterAt
	Sync() error   // waits until all is written
	Forget() error // makes the next reads come from the device
	Close() error
}

// sums are the SHA-256 of what was written.
type sums struct {
	chunks [][sha256.Size]byte
	whole  [sha256.Size]byte
}

// write copies an image. The first chunk is written as zeros, and as it is when all else is on the device: what was begun only
// is no system that boots.
func write(ctx context.Context, t target, im *imageFile, report func(done int64)) (sums, error) {
	var s sums
	whole := sha256.New()
	source := io.MultiReader(bytes.NewReader(im.head), im.rest)
	reader := imageFile{rest: source}
	first := make([]byte, min(chunk, im.total))
	buf := make([]byte, chunk)
	for at := int64(0); at < im.total; at += chunk {
		if ctx.Err() != nil {
			return sums{}, fmt.Errorf("stopped after %s", size(at))
		}
		part := buf[:min(chunk, im.total-at)]
		if err := reader.read(part, at); err != nil {
			return sums{}, fmt.Errorf("%s: %w", im.path, err)
		}
		whole.Write(part)
		s.chunks = append(s.chunks, sha256.Sum256(part))
		if at == 0 {
			copy(first, part)
			clear(part)
		}
		if err := put(t, part, at); err != nil {
			return sums{}, err
		}
		report(at + int64(len(part)))
	}
	switch _, err := io.ReadFull(source, buf[:1]); err { // a compressed image has its checksum at the end
	case io.EOF:
	case nil:
		return sums{}, fmt.Errorf("%s: the image is longer than its partition table says", im.path)
	default:
		return sums{}, fmt.Errorf("%s: the image is damaged: %w", im.path, err)
	}
	whole.Sum(s.whole[:0])
	return s, put(t, first, 0)
}

// put writes and waits.
func put(t target, p []byte, at int64) error {
	if _, err := t.WriteAt(p, at); err != nil {
		return fmt.Errorf("after %s: %w", size(at), err)
	}
	if err := t.Sync(); err != nil {
		return fmt.Errorf("after %s: %w", size(at), err)
	}
	return nil
}

// verify reads the device and compares.
func verify(ctx context.Context, t target, want sums, total int64, report func(done int64)) error {
	if err := t.Forget(); err != nil {
		return fmt.Errorf("it was written, but could not be verified: %w", err)
	}
	buf := make([]byte, chunk)
	whole := sha256.New()
	for i, sum := range want.chunks {
		at := int64(i) * chunk
		if ctx.Err() != nil {
			return fmt.Errorf("it was written, but verifying was stopped after %s", size(at))
		}
		part := buf[:min(chunk, total-at)]
		if n, err := t.ReadAt(part, at); n < len(part) {
			return fmt.Errorf("it was written, but cannot be read after %s: %w: use another card", size(at), err)
		}
		if sha256.Sum256(part) != sum {
			return fmt.Errorf("it does not hold what was written to it: bytes %d to %d differ: use another card or reader", at, at+int64(len(part)))
		}
		whole.Write(part)
		report(at + int64(len(part)))
	}
	if !bytes.Equal(whole.Sum(nil), want.whole[:]) {
		return errors.New("it does not hold what was written to it: use another card or reader")
	}
	return nil
}
