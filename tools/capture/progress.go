package main

import (
	"fmt"
	"io"
)

// progress tells how far the recording has come, in one line of a terminal; elsewhere it says nothing.
type progress struct {
	out      io.Writer
	terminal bool
	open     bool // a line has no end yet
}

func (p *progress) show(format string, args ...any) {
	if p.terminal {
		fmt.Fprintf(p.out, "\r"+format+"\x1b[K", args...)
		p.open = true
	}
}

// end goes to the next line.
func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.out)
		p.open = false
	}
}
