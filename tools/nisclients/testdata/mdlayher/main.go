// Command mdlayher reads a status with the library of telegraf and of apcupsd_exporter, which fails at the first line that it cannot parse.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/mdlayher/apcupsd"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addr string) error {
	c, err := apcupsd.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for range 2 { // on one connection
		s, err := c.Status()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
			return err
		}
	}
	return nil
}
