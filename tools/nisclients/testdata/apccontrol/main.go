// Command apccontrol stands where apcupsd's own script stands, which halts the machine: it writes down what it was called for.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(self), "evidence"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
