package usbdriver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
)

// How often in a row a device must say that it is no UPS before it is believed: a descriptor read badly must not take a UPS off the card. One
// that was served in this process is never believed.
const (
	notUPS        = 2
	notUPSGarbled = 12 // a quarter of a minute
)

// settled is how long a device must have been served for its next failure to be a new one.
const settled = 10 * time.Second

// maxSaid bounds what is remembered of what was logged.
const maxSaid = 16

// session is the state of one Run.
type session struct {
	*Driver
	wait     *waiter
	said     map[string]bool // what was logged since the device came or was served well, not to be repeated
	absent   bool            // the device was not there when last looked for
	refusals int             // how often in a row the device said that it is no UPS
	ladder   ladder
}

// run returns nil when ctx ends.
func (s *session) run(ctx context.Context) error {
	for ctx.Err() == nil {
		began := time.Now()
		id, err := s.find()
		if s.absent && err == nil {
			clear(s.said)
		}
		if !errors.Is(err, usb.ErrBusy) {
			s.absent = errors.Is(err, errNone)
		}
		switch {
		case errors.Is(err, errNone):
			s.ladder.pulled()
			s.stale()
			s.say(slog.LevelInfo, "waiting for the device", "target", &s.Target)
			s.wait.forEvent(ctx)
			continue
		case errors.Is(err, errSeveral):
			return err
		case err == nil:
			err = s.attend(ctx, id)
		}
		if ctx.Err() != nil {
			return nil
		}
		s.stale()
		if misread := (MisreadError{}); final(err) || s.refused(err) || s.Target.pinned == nil && errors.As(err, &misread) {
			return err
		}
		s.say(s.severity(err), "device is not served", "err", err)
		if err := s.climb(ctx, id, err); err != nil {
			return err
		}
		s.wait.pause(ctx, began)
	}
	return nil
}

// refused reports whether the device is believed that it is no UPS.
func (s *session) refused(err error) bool {
	most := notUPS
	if errors.Is(err, ErrGarbled) {
		most = notUPSGarbled
	}
	return s.Target.pinned == nil && s.refusals >= most
}

// severity is low for what is usual while the kernel makes the acquaintance of a device and its node is being handed to the driver's user.
func (s *session) severity(err error) slog.Level {
	if (errors.Is(err, fs.ErrPermission) || errors.Is(err, usb.ErrBusy)) && s.wait.next < patient {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// attend serves the interface of a device that is a UPS's until it fails. Of a composite device each interface is tried in its turn: one that does
// not even tell what it is must not hide those behind it.
func (s *session) attend(ctx context.Context, id usb.ID) error {
	numbers := s.World.Interfaces(id)
	if len(numbers) == 0 {
		return fmt.Errorf("%v: no HID interface: %w", id, usb.ErrGone)
	}
	refused, doubt := error(nil), error(nil)
	for _, number := range numbers {
		fresh, err := s.serve(ctx, id, number)
		switch {
		case errors.Is(err, ErrNotUPS) && !final(err):
			refused = err
			continue
		case fresh || errors.Is(err, usb.ErrGone) || final(err) || ctx.Err() != nil:
			s.refusals = 0
			return err
		}
		doubt = cmp.Or(doubt, err)
	}
	if doubt != nil {
		s.refusals = 0
		return doubt
	}
	s.refusals++
	return refused
}

// serve opens a device with an interface and serves it until it fails. It reports whether there were data.
func (s *session) serve(ctx context.Context, id usb.ID, number int) (fresh bool, err error) {
	device, err := s.World.Open(id, number)
	if err != nil {
		return false, err
	}
	opened := time.Now()
	s.say(slog.LevelInfo, "device opened", "device", id, "manufacturer", id.Manufacturer, "product", id.ProductName, "interface", device.Interface())
	if s.Opened != nil {
		s.Opened()
	}
	serving, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { fresh = s.announce(serving, opened) })
	err = s.World.Serve(serving, device, s.Store)
	stop()
	wg.Wait()
	if fresh {
		s.Target.pin(id)
	}
	if fresh && time.Since(opened) >= settled {
		clear(s.said)
		s.wait.reset()
		s.ladder = ladder{served: true}
	}
	if closeErr := device.Close(); closeErr != nil {
		return fresh, finalError{fmt.Errorf("%v: %w", id, errors.Join(err, closeErr))}
	}
	return fresh, err
}

// announce waits for the first complete data, logs them, and reports whether they came.
func (s *session) announce(ctx context.Context, opened time.Time) bool {
	var last *ups.Snapshot
	for {
		snapshot, err := s.Store.Wait(ctx, last)
		if err != nil {
			return false
		}
		if last = snapshot; snapshot.Freshness() == ups.Fresh {
			s.Logger.Info("first data", "status", snapshot.Value("ups.status"), "variables", len(snapshot.Names()),
				"after", time.Since(opened).Round(time.Millisecond))
			return true
		}
	}
}

// stale takes the trust from data that are no longer read.
func (s *session) stale() {
	if snapshot := s.Store.Get(); snapshot.Freshness() == ups.Fresh {
		s.Store.Set(snapshot.With(ups.Stale))
		s.Logger.Warn("data are stale", "age", time.Since(snapshot.Read()).Round(time.Millisecond))
	}
}

// say logs, for debugging only if it was said before.
func (s *session) say(level slog.Level, message string, args ...any) {
	text := fmt.Sprint(append([]any{level, message}, args...)...)
	if s.said[text] {
		level = slog.LevelDebug
	}
	if len(s.said) >= maxSaid {
		clear(s.said)
	}
	s.said[text] = true
	s.Logger.Log(context.Background(), level, message, args...)
}

// finalError is one after which the process cannot go on.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

func final(err error) bool {
	var f finalError
	return errors.As(err, &f)
}
