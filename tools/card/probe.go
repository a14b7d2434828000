package card

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// AwaitUPS waits until the card's upsd gives the named UPS's status.
func (c *Card) AwaitUPS(ctx context.Context, ups string) error {
	_, err := c.await(ctx, func(answering []string) bool {
		for _, name := range answering {
			if name == ups {
				return true
			}
		}
		return false
	})
	return err
}

// AwaitAll waits until as many UPSes as are plugged in give their status, and returns their names in upsd's order. When ctx ends before it
// returns those that do with the context's error.
func (c *Card) AwaitAll(ctx context.Context) ([]string, error) {
	return c.await(ctx, func(answering []string) bool { return len(answering) >= len(c.UPS) })
}

func (c *Card) await(ctx context.Context, enough func(answering []string) bool) (answering []string, err error) {
	for {
		if answering = c.answering(ctx); enough(answering) {
			return answering, nil
		}
		select {
		case <-ctx.Done():
			return answering, ctx.Err()
		case <-c.exited:
			return answering, ErrEnded
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answering returns the names of the UPSes that upsd gives a status of. QEMU takes connections before the card listens, so answers must come
// soon.
func (c *Card) answering(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.Addr("nut"))
	if err != nil {
		return nil
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	in := bufio.NewScanner(conn)
	fmt.Fprint(conn, "LIST UPS\n")
	var known, all []string
	for in.Scan() && in.Text() != "END LIST UPS" {
		if words := strings.Fields(in.Text()); len(words) > 1 && words[0] == "UPS" {
			known = append(known, words[1])
		}
	}
	for _, ups := range known {
		fmt.Fprintf(conn, "GET VAR %s ups.status\n", ups)
		if in.Scan() && strings.HasPrefix(in.Text(), "VAR ") {
			all = append(all, ups)
		}
	}
	return all
}
