package usbdriver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// Times of the ladder of a process that has not served the device well, from the first failure.
const (
	resetAfter = 30 * time.Second
	endAfter   = time.Minute
)

// resetting is the longest that a reset may take: as long as the kernel needs to give up a device that does not answer.
const resetting = 5 * time.Minute

// rung is a step of the ladder.
type rung uint8

const (
	reopen rung = iota
	reset
	end // the process
)

// ladder is where a device that fails is on the way from cheap remedies to dear ones. The zero value is a process that has served nothing yet.
type ladder struct {
	served   bool      // the device was served well in this process
	since    time.Time // the first failure after that
	failures int
	reset    bool // was done
}

// next returns what to do about another failure. silent says that the device answers nothing, away that it was last heard of on battery.
func (l *ladder) next(now time.Time, silent, away bool) rung {
	if l.since.IsZero() {
		l.since = now
	}
	l.failures++
	lasting := now.Sub(l.since)
	due := l.served && l.failures >= 2 && (!silent || away) || lasting >= resetAfter
	switch {
	case l.served && l.failures >= 3, lasting >= endAfter:
		return end
	case due && !l.reset:
		l.reset = true
		return reset
	}
	return reopen
}

// pulled begins anew with a device that was not there for a while.
func (l *ladder) pulled() { l.since, l.failures = time.Time{}, 0 }

// climb takes the next step against a failure, if it is one that the device itself may be healed of. It fails when that is the end of the
// process.
func (s *session) climb(ctx context.Context, id usb.ID, err error) error {
	unlike := errors.Is(err, ErrNotUPS) // a new process would believe it
	if id.Port == "" || !curable(err) || unlike && s.Target.pinned == nil {
		return nil
	}
	words := strings.Fields(s.Store.Get().Value("ups.status"))
	switch s.ladder.next(time.Now(), errors.Is(err, usb.ErrTimeout), slices.Contains(words, "OB")) {
	case reset:
		if s.World.Reset != nil {
			return s.reset(ctx, id)
		}
	case end:
		if unlike || errors.Is(err, ErrAnswers) {
			return nil
		}
		return finalError{fmt.Errorf("%v: reading it again, opening it anew and more was no help, so this process ends: %w", id, err)}
	}
	return nil
}

// curable reports whether a failure is of a device that is there and may be used, but does not do its work.
func curable(err error) bool {
	for _, other := range []error{ErrUnsure, usb.ErrGone, usb.ErrBusy, usb.ErrInUse, fs.ErrPermission, fs.ErrNotExist} {
		if errors.Is(err, other) {
			return false
		}
	}
	return err != nil
}

// reset resets the device's port. While that lasts the loop answers who asks for it.
func (s *session) reset(ctx context.Context, id usb.ID) error {
	s.say(slog.LevelWarn, "port is reset", "device", id)
	done := make(chan error, 1)
	go func() { done <- s.World.Reset(id) }()
	timer := time.NewTimer(resetting)
	defer timer.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				s.say(slog.LevelWarn, "port cannot be reset", "device", id, "err", err)
			}
			s.wait.reset()
			return nil
		case <-s.Asked:
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return finalError{fmt.Errorf("%v: its port is being reset for %v", id, resetting)}
		}
	}
}
