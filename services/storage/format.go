package storage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// trailerSize is the length of a trailer in bytes; it is always the same, so a trailer is found from the end of the file.
const trailerSize = len("# sha256 \n") + 2*sha256.Size

// ErrDamaged is what a copy is that was not written to its end, or was changed since.
var ErrDamaged = errors.New("damaged")

// trailer is the last line of a file that holds data.
func trailer(data []byte) []byte {
	return fmt.Appendf(nil, "# sha256 %x\n", sha256.Sum256(data))
}

// encode returns what the file holds for data.
func encode(data []byte) []byte {
	return append(bytes.Clone(data), trailer(data)...)
}

// decode returns the data of a file, a part of content, or an error that wraps ErrDamaged.
func decode(content []byte) ([]byte, error) {
	end := len(content) - trailerSize
	if end < 0 {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrDamaged, len(content))
	}
	data := content[:end:end]
	if !bytes.Equal(content[end:], trailer(data)) {
		return nil, fmt.Errorf("%w: the checksum in its last line is another", ErrDamaged)
	}
	return data, nil
}
