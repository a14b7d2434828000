// Command upscard is the owner's tool.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/upscard/upscard/services/config"
)

const usage = "usage: upscard check FILE   tell what is wrong with an upscard.toml, or what a card would do with it\n"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 the file is good, 1 it is not, 2 wrong use.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 || args[0] != "check" {
		fmt.Fprint(stderr, usage)
		return 2
	}
	c, err := check(args[1])
	var wrong config.Errors
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, wrong)
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "upscard check:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s: good: %s\n", args[1], c.Summary())
	return 0
}

// check does not take a missing file for the defaults, as the card does: here it is a mistyped name.
func check(path string) (*config.Config, error) {
	data, err := config.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return config.Parse(path, data)
}
