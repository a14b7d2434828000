package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/upscard/upscard/services/layout"
)

// Bounds of what is read.
const (
	maxHead   = 512 << 20 // up to the end of the first partition, in bytes
	maxWindow = 128 << 20 // of the compression
	sector    = 512
)

// imageFile is an image that is being read, uncompressed.
type imageFile struct {
	path  string
	total int64     // in bytes, up to the end of its last partition
	head  []byte    // up to the end of its first partition, which an owner edits
	rest  io.Reader // what follows the head
	close func()
}

// openImage reads an image up to the end of the configuration partition.
func openImage(path string) (*imageFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	im := &imageFile{path: path, rest: f, close: func() { f.Close() }}
	if err := im.unpack(f); err != nil {
		im.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := im.readHead(); err != nil {
		im.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return im, nil
}

// unpack makes rest the uncompressed image.
func (im *imageFile) unpack(f *os.File) error {
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); err != nil {
		return errors.New("it is too short for an image")
	}
	im.rest = io.MultiReader(bytes.NewReader(magic), f)
	if !bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) { // RFC 8878 section 3.1.1
		return nil
	}
	z, err := zstd.NewReader(im.rest, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	im.rest, im.close = z, func() { z.Close(); f.Close() }
	return nil
}

func (im *imageFile) readHead() error {
	first := make([]byte, sector)
	if err := im.read(first, 0); err != nil {
		return err
	}
	parts, err := partitions(first)
	if err != nil {
		return err
	}
	end := parts[layout.Config-1].end
	if end <= sector || end > maxHead {
		return errors.New("its first partition has no sensible size")
	}
	for _, p := range parts {
		im.total = max(im.total, p.end)
	}
	im.head = make([]byte, end)
	copy(im.head, first)
	return im.read(im.head[sector:], sector)
}

// read fills p from rest, of which done bytes were read.
func (im *imageFile) read(p []byte, done int64) error {
	n, err := io.ReadFull(im.rest, p)
	switch err {
	case nil:
		return nil
	case io.EOF, io.ErrUnexpectedEOF:
		return fmt.Errorf("the image ends after %d bytes: it was not copied or downloaded whole", done+int64(n))
	}
	return fmt.Errorf("the image is damaged: %w", err)
}

type span struct{ start, end int64 } // in bytes

// partitions reads a card's MBR.
func partitions(first []byte) ([4]span, error) {
	var parts [4]span
	if first[510] != 0x55 || first[511] != 0xaa || binary.LittleEndian.Uint32(first[440:]) != layout.DiskID {
		return parts, errors.New("it is no image of a card")
	}
	for i := range parts {
		entry := first[446+16*i:]
		start := int64(binary.LittleEndian.Uint32(entry[8:])) * sector
		parts[i] = span{start, start + int64(binary.LittleEndian.Uint32(entry[12:]))*sector}
	}
	return parts, nil
}
