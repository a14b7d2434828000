package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/upscard/upscard/services/nut"
)

// askable is a listener whose accept loop can be asked whether it turns.
type askable struct {
	*net.TCPListener
	answers chan struct{} // capacity 1
}

func newAskable(ln *net.TCPListener) askable { return askable{ln, make(chan struct{}, 1)} }

// Accept implements net.Listener. A deadline that has passed is a question.
func (a askable) Accept() (net.Conn, error) {
	for {
		conn, err := a.TCPListener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		if err := a.SetDeadline(time.Time{}); err != nil {
			return nil, err
		}
		select {
		case a.answers <- struct{}{}:
		default:
		}
	}
}

// ask returns nil when the loop is back in Accept.
func (a askable) ask(ctx context.Context) error {
	select {
	case <-a.answers: // to an earlier question that nobody waited for
	default:
	}
	if err := a.SetDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	select {
	case <-a.answers:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askAll returns a question to all that clients depend on: each accept loop there is by then, and the UPSes as a session of our own
// lists them.
func askAll(listeners func() []askable, host *nut.Host) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, ln := range listeners() {
			if err := ln.ask(ctx); err != nil {
				return err
			}
		}
		session := nut.NewSession(host, "")
		defer session.Close()
		if reply, _, _ := session.Take(nil, []byte("LIST UPS\n")); len(reply) == 0 {
			return errors.New("LIST UPS has no answer")
		}
		return nil
	}
}
