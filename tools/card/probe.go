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
	for {
		if c.ask(ctx, ups) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.exited:
			return fmt.Errorf("waiting for %s: %w", ups, ErrEnded)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ask tries once. QEMU takes connections before the card listens, so an answer must come soon.
func (c *Card) ask(ctx context.Context, ups string) bool {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.Addr("nut"))
	if err != nil {
		return false
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	fmt.Fprintf(conn, "GET VAR %s ups.status\nLOGOUT\n", ups)
	answer, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.HasPrefix(answer, "VAR ")
}
