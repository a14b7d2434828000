package nutclients

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// connection is one to a server.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, server string) *connection {
	t.Helper()
	conn, err := net.Dial("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * patience))
	return &connection{conn, bufio.NewReader(conn)}
}

// line reads one. The system acknowledges at once what comes: NUT's upsd waits for that between the lines of an answer.
func (c *connection) line() (string, error) {
	if raw, err := c.Conn.(*net.TCPConn).SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_TCP, unix.TCP_QUICKACK, 1) })
	}
	return c.in.ReadString('\n')
}

// ask returns the answer to a request, a line or a list.
func (c *connection) ask(t *testing.T, request string) string {
	t.Helper()
	if _, err := io.WriteString(c, request+"\n"); err != nil {
		t.Fatal(err)
	}
	for answer := ""; ; {
		line, err := c.line()
		if err != nil {
			t.Fatalf("%s: %q, %v", request, answer+line, err)
		}
		answer += line
		if !strings.HasPrefix(answer, "BEGIN LIST ") || strings.HasPrefix(line, "END LIST ") {
			return answer
		}
	}
}

// login has orders carried out as the user op, and tracked.
func (c *connection) login(t *testing.T) {
	t.Helper()
	for _, request := range []string{"USERNAME op", "PASSWORD op-secret", "SET TRACKING ON"} {
		if answer := c.ask(t, request); answer != "OK\n" {
			t.Fatalf("%s: %s", request, answer)
		}
	}
}

// order returns how an order ended, or why it was not given.
func (c *connection) order(t *testing.T, request string) string {
	t.Helper()
	return c.result(t, request, c.ask(t, request))
}

// result returns how an order ended that was answered so.
func (c *connection) result(t *testing.T, request, answer string) string {
	t.Helper()
	id, tracked := strings.CutPrefix(answer, "OK TRACKING ")
	for begin := time.Now(); tracked; time.Sleep(time.Millisecond) {
		if answer = c.ask(t, "GET TRACKING "+strings.TrimSpace(id)); answer != "PENDING\n" {
			break
		}
		if time.Since(begin) > patience {
			t.Fatalf("%s: %s", request, answer)
		}
	}
	return answer
}

// ask returns the answer to one request.
func ask(t *testing.T, server, request string) string {
	t.Helper()
	c := dial(t, server)
	defer c.Close()
	return c.ask(t, request)
}

// until asks until the answer will do.
func until(t *testing.T, server, request string, ok func(answer string) bool) {
	t.Helper()
	c := dial(t, server)
	defer c.Close()
	answer := ""
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(2 * time.Millisecond) {
		if answer = c.ask(t, request); ok(answer) {
			return
		}
	}
	t.Fatalf("%s: %q", request, answer)
}

// settle waits until the driver has carried out what a server was told until now: a driver takes one order after the other.
func settle(t *testing.T, server, name string) {
	t.Helper()
	c := dial(t, server)
	defer c.Close()
	c.login(t)
	if answer := c.order(t, "INSTCMD "+name+" beeper.mute"); answer != "SUCCESS\n" {
		t.Fatalf("%s: %s", name, answer)
	}
}
