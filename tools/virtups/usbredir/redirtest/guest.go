// Package redirtest stands in for the virtual machine at the other end of a usbredir connection.
package redirtest

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// Guest is a USB host controller with one port. Its methods may be called from any goroutine.
type Guest struct {
	conn    net.Conn
	codec   *usbredir.Codec
	reader  sync.WaitGroup
	packets chan usbredir.Packet // what is not the answer to a transfer

	mu      sync.Mutex
	next    uint64
	answers map[uint64]chan usbredir.Packet
	err     error
}

// Dial greets the host at the other end of conn with the capabilities, QEMU's if there are none given. It takes ownership of conn.
func Dial(conn net.Conn, caps ...usbredir.Capability) (*Guest, error) {
	own := usbredir.HostCapabilities | usbredir.CapFilter
	if len(caps) != 0 {
		own = 0
		for _, c := range caps {
			own |= c
		}
	}
	g := &Guest{
		conn: conn, codec: usbredir.NewCodec(conn),
		packets: make(chan usbredir.Packet, 256), answers: map[uint64]chan usbredir.Packet{}, next: 1,
	}
	if _, err := g.codec.Greet("redirtest", own); err != nil {
		conn.Close()
		return nil, err
	}
	g.reader.Go(g.read)
	return g, nil
}

// read sorts packets into answers and the rest until the connection ends.
func (g *Guest) read() {
	defer close(g.packets)
	for {
		p, err := g.codec.Read()
		g.mu.Lock()
		if err != nil {
			g.err = err
			for _, c := range g.answers {
				close(c)
			}
			g.answers = nil
			g.mu.Unlock()
			return
		}
		c := g.answers[p.ID]
		if p.Type != usbredir.TypeInterrupt && c != nil {
			delete(g.answers, p.ID)
			c <- p
		} else {
			c = nil
		}
		g.mu.Unlock()
		if c == nil {
			g.packets <- p
		}
	}
}

// Close leaves the host and waits for the reader.
func (g *Guest) Close() {
	g.conn.Close()
	for range g.packets {
	}
	g.reader.Wait()
}

// Send writes a packet as it is.
func (g *Guest) Send(p usbredir.Packet) error { return g.codec.Write(p) }

// Next returns the next packet that answers no transfer.
func (g *Guest) Next(ctx context.Context) (usbredir.Packet, error) {
	select {
	case p, ok := <-g.packets:
		if !ok {
			return p, fmt.Errorf("host closed the connection")
		}
		return p, nil
	case <-ctx.Done():
		return usbredir.Packet{}, ctx.Err()
	}
}

// Expect returns the next packet of the type, past others. Whatever else came before is dropped; a disconnect is acknowledged.
func (g *Guest) Expect(ctx context.Context, want usbredir.Type) (usbredir.Packet, error) {
	for {
		p, err := g.Next(ctx)
		if err != nil {
			return p, fmt.Errorf("waiting for packet type %d: %w", want, err)
		}
		if p.Type == usbredir.TypeDeviceDisconnect {
			if err := g.Send(usbredir.Packet{Type: usbredir.TypeDisconnectAck}); err != nil {
				return p, err
			}
		}
		if p.Type == want {
			return p, nil
		}
	}
}

// Ask sends a packet under a fresh id and returns the answer to it.
func (g *Guest) Ask(ctx context.Context, t usbredir.Type, body []byte) (usbredir.Packet, error) {
	g.mu.Lock()
	if g.answers == nil {
		g.mu.Unlock()
		return usbredir.Packet{}, fmt.Errorf("host is gone: %w", g.err)
	}
	id, c := g.next, make(chan usbredir.Packet, 1)
	g.next++
	g.answers[id] = c
	g.mu.Unlock()
	if err := g.Send(usbredir.Packet{Type: t, ID: id, Body: body}); err != nil {
		return usbredir.Packet{}, err
	}
	select {
	case p, ok := <-c:
		if !ok {
			return p, fmt.Errorf("host left without an answer")
		}
		return p, nil
	case <-ctx.Done(): // as a controller does when its driver gave up; the answer is dropped
		return usbredir.Packet{}, g.Send(usbredir.Packet{Type: usbredir.TypeCancel, ID: id})
	}
}
