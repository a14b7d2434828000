// Package nutclient speaks NUT's network protocol as a client.
package nutclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/upscard/upscard/services/parseconf"
)

// Limits of what a server may say.
const (
	MaxLine = 2048 // bytes; NUT's values are under 512
	MaxList = 4096 // lines
)

// Timeout bounds one request and its answer where the context does not end sooner. It is upsmon's.
const Timeout = 10 * time.Second

// Error is an answer ERR: what follows it, which begins with a code of net-protocol.txt. The server has not done what it was asked.
type Error string

func (e Error) Error() string { return "server says " + string(e) }

// Code is the error's first word.
func (e Error) Code() string {
	code, _, _ := strings.Cut(string(e), " ")
	return code
}

// ErrProtocol is an answer that is none to the request.
var ErrProtocol = errors.New("nonsense for an answer")

// Client is one connection. It is used by one goroutine at a time. After an error that is no Error it is of no more use.
type Client struct {
	conn   net.Conn
	reader *bufio.Reader
	split  parseconf.Splitter
}

// Dial connects to a server: network "tcp" with HOST:PORT, or "unix" with a path.
func Dial(ctx context.Context, network, address string) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return New(conn), nil
}

// New takes a connection that is there.
func New(conn net.Conn) *Client {
	return &Client{conn: conn, reader: bufio.NewReaderSize(conn, MaxLine)}
}

// Close ends the connection without a word.
func (c *Client) Close() error { return c.conn.Close() }

// Do sends one command and returns the words of its answer of one line.
func (c *Client) Do(ctx context.Context, command ...string) ([]string, error) {
	var words []string
	err := c.exchange(ctx, command, func() (err error) {
		words, err = c.answer()
		return err
	})
	return words, err
}

// exchange sends a command and lets read take the answer, in bounded time.
func (c *Client) exchange(ctx context.Context, command []string, read func() error) error {
	deadline := time.Now().Add(Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := c.conn.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.conn.Write(appendCommand(nil, command)); err != nil {
		return err
	}
	return read()
}

// appendCommand appends a line. Words are quoted where they must be.
func appendCommand(line []byte, words []string) []byte {
	for i, w := range words {
		if i > 0 {
			line = append(line, ' ')
		}
		if w == "" || strings.ContainsAny(w, " \t\"\\#=") {
			line = parseconf.AppendQuoted(line, w)
		} else {
			line = parseconf.AppendBare(line, w)
		}
	}
	return append(line, '\n')
}

// answer reads one line that is no ERR.
func (c *Client) answer() ([]string, error) {
	line, err := c.reader.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%w: a line longer than %d bytes", ErrProtocol, MaxLine)
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return parse(&c.split, strings.TrimRight(string(line), "\r\n"))
}

// parse takes a line of an answer apart.
func parse(s *parseconf.Splitter, line string) ([]string, error) {
	if rest, ok := strings.CutPrefix(line, "ERR "); ok {
		return nil, Error(rest)
	}
	split, err := s.Split([]byte(line))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if len(split) == 0 {
		return nil, fmt.Errorf("%w: an empty line", ErrProtocol)
	}
	words := make([]string, len(split))
	for i, w := range split {
		words[i] = string(w)
	}
	return words, nil
}
