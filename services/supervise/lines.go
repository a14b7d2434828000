package supervise

import (
	"bufio"
	"io"
	"strings"
)

// MaxLine is the longest line, in bytes, that is taken from a child; the rest of a longer one is dropped.
const MaxLine = 1024

// readLines hands each line of r to sink, control characters replaced, until r ends or fails.
func readLines(r io.Reader, sink func(string)) {
	b := bufio.NewReaderSize(r, MaxLine)
	for {
		part, err := b.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		if line := clean(part, long); line != "" {
			sink(line)
		}
		for err == bufio.ErrBufferFull {
			_, err = b.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

// clean makes what a child wrote fit for a terminal.
func clean(line []byte, long bool) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "?"))
	if long {
		s += " ..."
	}
	return s
}
