// Command upscard is the owner's tool.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/password"
)

const usage = `usage: upscard check FILE   tell what is wrong with an upscard.toml, or what a card would do with it
       upscard hash         read a password from the standard input and print what may stand in its place
       upscard mkcert ...   make certificates for TLS, see upscard mkcert -h
`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run returns the exit code: 0 the file is good, 1 it is not, 2 wrong use.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == "hash" {
		return hash(stdin, stdout, stderr)
	}
	if len(args) > 0 && args[0] == "mkcert" {
		return mkcert(args[1:], stdout, stderr)
	}
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
	for _, warning := range ca.Warnings(c.TLS.Certificate, c.TLS.ClientCA, dates(), false) {
		fmt.Fprintf(stdout, "%s: [tls]: warning: %s\n", args[1], warning)
	}
	fmt.Fprintf(stdout, "%s: good: %s\n", args[1], c.Summary())
	return 0
}

// maxPassword is how long one may be, in bytes, as services/config has it.
const maxPassword = 128

// hash prints the hash of a line.
func hash(stdin io.Reader, stdout, stderr io.Writer) int {
	fmt.Fprint(stderr, "password: ")
	line, err := bufio.NewReader(io.LimitReader(stdin, maxPassword+2)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	line = strings.TrimRight(line, "\r\n")
	if err == nil && (line == "" || len(line) > maxPassword) {
		err = fmt.Errorf("want 1 to %d bytes", maxPassword)
	}
	if err != nil {
		fmt.Fprintln(stderr, "upscard hash:", err)
		return 1
	}
	fmt.Fprintln(stdout, password.Hash(line))
	return 0
}

// check does not take a missing file for the defaults, as the card does: here it is a mistyped name.
func check(path string) (*config.Config, error) {
	data, err := config.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(path, data)
	if err != nil {
		return nil, err
	}
	if err := ca.Check(c.TLS.Certificate, c.TLS.Key, c.TLS.ClientCA); err != nil {
		return nil, fmt.Errorf("%s: [tls]: %w", path, err)
	}
	return c, nil
}
