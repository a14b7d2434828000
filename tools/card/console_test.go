package card

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
)

func TestAwait(t *testing.T) {
	c := newConsole()
	c.read(strings.NewReader("one 1\r\ntwo 2\nthree"), nil)
	c.end()
	line, groups, err := c.Await(t.Context(), 0, regexp.MustCompile(`two (\d)`))
	if err != nil || line.Text != "two 2" || groups[1] != "2" {
		t.Errorf("got %q %q %v", line.Text, groups, err)
	}
	if _, _, err := c.Await(t.Context(), 2, regexp.MustCompile("two")); !errors.Is(err, ErrEnded) {
		t.Errorf("a line before the mark: %v, want %v", err, ErrEnded)
	}
}

func TestAwaitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := newConsole().Await(ctx, 0, regexp.MustCompile("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A terminal that echoes, a log line in between, a prompt before the marks.
func TestShell(t *testing.T) {
	typed, answers := io.Pipe()
	fromCard, toConsole := io.Pipe()
	c := newConsole()
	c.plug(answers)
	go c.read(fromCard, nil)
	go func() {
		for n := 1; ; n++ {
			buf := make([]byte, 200)
			k, err := typed.Read(buf)
			if err != nil {
				toConsole.Close()
				return
			}
			fmt.Fprintf(toConsole, "/ # %sbegin-%d-0-\n[   3.141] upsd: begin\nhello[   3.142] upsd: more\n/ # end-%d-%d-[   3.143] upsd: end\n", buf[:k], n, n, n-1)
		}
	}()
	defer answers.Close()
	out, err := c.Shell(t.Context(), "greet")
	if err != nil || out != "hello" {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := c.Shell(t.Context(), "greet"); err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("a failing command: %v", err)
	}
}

func TestForwardTakesAnotherPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	wanted := taken.Addr().(*net.TCPAddr).Port
	got, err := forward([]Service{{Name: "nut", Port: 3493, Host: wanted}})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Card != 3493 || got[0].Host == wanted || got[0].Host == 0 {
		t.Errorf("port %d is taken, got %+v", wanted, got[0])
	}
}
