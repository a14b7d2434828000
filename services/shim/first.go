package shim

import "bytes"

// first is what a client has begun with.
type first uint8

const (
	unfinished first = iota
	handshake        // TLS at once
	startTLS         // the plain line, and TLS once that is answered
	injected         // that line and more: somebody on the way may have written it, and it must not count as something that came over TLS
	foreign          // anything else
)

// maxFirst is the length of the longest first line that is looked at, in bytes.
const maxFirst = 64

// recordHandshake is the first byte of TLS (RFC 8446, 5.1). No line of NUT's protocol begins with it.
const recordHandshake = 0x16

// begun tells from all that has come what it is.
func begun(data []byte) first {
	if len(data) > 0 && data[0] == recordHandshake {
		return handshake
	}
	line, behind, ended := bytes.Cut(data, []byte{'\n'})
	switch {
	case !ended && len(data) < maxFirst:
		return unfinished
	case !ended || !bytes.EqualFold(bytes.Trim(line, " \t\r"), []byte("STARTTLS")):
		return foreign
	case len(behind) > 0:
		return injected
	}
	return startTLS
}
