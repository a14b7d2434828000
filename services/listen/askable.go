package listen

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// Askable is a listener whose accept loop can be asked whether it turns.
type Askable struct {
	*net.TCPListener
	answers chan struct{} // capacity 1
}

// NewAskable takes ownership of ln.
func NewAskable(ln *net.TCPListener) *Askable { return &Askable{ln, make(chan struct{}, 1)} }

// Accept implements net.Listener. A deadline that has passed is a question.
func (a *Askable) Accept() (net.Conn, error) {
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

// Ask returns nil when the loop is back in Accept.
func (a *Askable) Ask(ctx context.Context) error {
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
