package sim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// maxLine bounds a line of the control protocol, in bytes.
const maxLine = 16 << 10

// ServeControl lets people command the UPS until ctx ends, and returns nil then. It closes the listener. A client sends a command per line; the
// answer is any number of lines, then "OK" or "ERR" with the reason.
func (u *UPS) ServeControl(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer ln.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
			defer stop()
			u.converse(conn)
		})
	}
}

// converse answers a client until it leaves.
func (u *UPS) converse(conn io.ReadWriter) {
	in := bufio.NewScanner(conn)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		lines, err := u.Do(in.Text())
		end := "OK"
		if err != nil {
			end = "ERR " + err.Error()
		}
		var out []byte
		for _, l := range append(lines, end) {
			out = fmt.Appendln(out, l)
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}
