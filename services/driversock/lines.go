package driversock

import "bytes"

// maxLine bounds a line in bytes. NUT's longest possible value is a quarter of it.
const maxLine = 4096

// lines cuts a stream into lines. A line that is too long is dropped whole.
type lines struct {
	part []byte // begin of a line whose end has not come
	skip bool   // in a line that is too long
}

// feed calls f with each line that chunk completes. The line is f's only until it returns.
func (l *lines) feed(chunk []byte, f func(line []byte)) {
	for {
		i := bytes.IndexByte(chunk, '\n')
		if i < 0 {
			break
		}
		line := chunk[:i]
		chunk = chunk[i+1:]
		if len(l.part) > 0 {
			line = append(l.part, line...)
		}
		if !l.skip && len(line) <= maxLine {
			f(line)
		}
		l.part, l.skip = l.part[:0], false
	}
	if l.skip {
		return
	}
	l.part = append(l.part, chunk...)
	if len(l.part) > maxLine {
		l.part, l.skip = nil, true
	}
}
