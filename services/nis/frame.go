// Package nis is apcupsd's network information server: the state of a UPS in apcupsd's words and frames.
package nis

import (
	"encoding/binary"
	"errors"
)

// maxRequest is the longest request that apcupsd takes, in bytes.
const maxRequest = 256

// errEnd is the end of a connection as apcupsd makes it: the client said so by a request of no length, or sent one that is too long.
var errEnd = errors.New("the client has ended, or is none")

// requests cuts what a client sends into requests. The zero value has read nothing.
type requests struct{ data []byte }

// take adds what was read and calls answer for each request that is whole, until one ends the connection. It keeps no more than one
// request that is not whole.
func (r *requests) take(data []byte, answer func(request []byte)) error {
	r.data = append(r.data, data...)
	rest := r.data
	for len(rest) >= 2 {
		n := int(binary.BigEndian.Uint16(rest))
		if n == 0 || n > maxRequest {
			return errEnd
		}
		if len(rest) < 2+n {
			break
		}
		answer(rest[2 : 2+n])
		rest = rest[2+n:]
	}
	if len(rest) == 0 {
		r.data = nil // no memory for a client that waits without having begun a request
		return nil
	}
	r.data = append(r.data[:0], rest...)
	return nil
}

// begun reports whether a request has begun and has not ended.
func (r *requests) begun() bool { return len(r.data) > 0 }

// appendRecord appends a record in its frame: its length as two bytes, the most significant one first, then the record.
func appendRecord(dst []byte, record string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(record)))
	return append(dst, record...)
}

// appendEnd appends the frame that ends an answer.
func appendEnd(dst []byte) []byte { return append(dst, 0, 0) }

// What apcupsd answers to a request that it does not know; it sends the zero byte, too.
const invalid = "Invalid command\n\x00"

// Source gives the records of the answers, each with its line's end.
type Source interface {
	Status() []string
	Events() []string
}

// appendAnswer appends what is answered to a request.
func appendAnswer(dst []byte, request []byte, from Source) []byte {
	var records []string
	switch string(request) { // exactly, as apcupsd compares
	case "status":
		records = from.Status()
	case "events":
		records = from.Events()
	default:
		records = []string{invalid}
	}
	for _, r := range records {
		dst = appendRecord(dst, r)
	}
	return appendEnd(dst)
}
