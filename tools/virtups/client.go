package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// patience is how long a UPS may take to answer a command.
const patience = 5 * time.Second

// command sends one command to the UPS behind the socket and prints what it answers.
func command(ctx context.Context, control string, words []string, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", control)
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no UPS is plugged in at %s: start one with virtups serve, or name its socket with -control", control)
	case err != nil:
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	line := strings.ReplaceAll(strings.Join(words, " "), "\n", " ")
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return err
	}
	in := bufio.NewScanner(conn)
	for in.Scan() {
		switch reason, failed := strings.CutPrefix(in.Text(), "ERR "); {
		case failed:
			return errors.New(reason)
		case in.Text() == "OK":
			return nil
		}
		fmt.Fprintln(stdout, in.Text())
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", control, err)
	}
	return fmt.Errorf("%s: the UPS left without an answer", control)
}
