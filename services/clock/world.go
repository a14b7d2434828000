package clock

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/beevik/ntp"
	"golang.org/x/sys/unix"
)

// World is what keeping a clock needs of the machine.
type World struct {
	Now    func() time.Time
	Query  func(ctx context.Context, server string) (Sample, error) // ends soon after ctx; may wrap a Kiss
	Step   func(by time.Duration) error
	Slew   func(by time.Duration) error           // replaces what is left of the last one
	Jitter func(wait time.Duration) time.Duration // spreads the polls of many cards
}

// System is the real world. Its clock is set by adjtimex(2) only, which needs CAP_SYS_TIME.
func System() World {
	return World{Now: time.Now, Query: Query, Step: stepClock, Slew: slewClock, Jitter: jitter}
}

// jitter lengthens a wait by up to an eighth.
func jitter(wait time.Duration) time.Duration { return wait + rand.N(wait/8+1) }

// Kiss is a kiss of death: a server's wish not to be asked, or less often.
type Kiss struct{ Code string }

func (k Kiss) Error() string { return "the server wants to be left alone: " + k.Code }

// Query asks a server, HOST or HOST:PORT, once.
func Query(ctx context.Context, server string) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	dial := func(_, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "udp", address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() }) // wakes the reader
		}
		return conn, err
	}
	r, err := ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: answerTimeout, Dialer: dial})
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", server, err)
	}
	if r.IsKissOfDeath() {
		return Sample{}, fmt.Errorf("%s: %w", server, Kiss{r.KissCode})
	}
	if err := r.Validate(); err != nil {
		return Sample{}, fmt.Errorf("%s: %w", server, err)
	}
	return Sample{server, r.ClockOffset, r.RootDistance}, nil
}

const (
	answerTimeout = 3 * time.Second
	queryTimeout  = 5 * time.Second // of one question, the look-up of the server's name included
)

// stepClock adds to the clock at once; a slew that goes on is given up.
func stepClock(by time.Duration) error {
	if err := slewClock(0); err != nil {
		return err
	}
	_, err := unix.Adjtimex(stepRequest(by))
	if err != nil {
		return fmt.Errorf("adjtimex, step by %v: %w", by, err)
	}
	return nil
}

// stepRequest has whole seconds, rounded down, then nanoseconds, which the kernel wants positive.
func stepRequest(by time.Duration) *unix.Timex {
	second := int64(time.Second)
	nanos := (int64(by)%second + second) % second
	return &unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO, Time: unix.Timeval{Sec: (int64(by) - nanos) / second, Usec: nanos}}
}

func slewClock(by time.Duration) error {
	_, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_OFFSET_SINGLESHOT, Offset: by.Microseconds()})
	if err != nil {
		return fmt.Errorf("adjtimex, slew by %v: %w", by, err)
	}
	return nil
}
