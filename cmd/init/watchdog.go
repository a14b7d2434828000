package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/upscard/upscard/services/supervise"
	"github.com/upscard/upscard/services/watchdog"
)

// Bounds on what the watchdog waits for.
const (
	bootTime  = time.Minute      // until the supervisor turns for the first time
	endTime   = 30 * time.Second // for the end of the card; its own bounds are shorter
	stuckTime = time.Minute      // for a critical program's process to end after SIGKILL
)

// criticalPrograms are those without which nobody is served. A driver that cannot be killed holds up the clients of one UPS, a reset those
// of all; netd's address outlives it.
func criticalPrograms() []string { return []string{"upsd"} }

// keepWatchdog feeds the hardware's watchdog until the card is to end, and some time longer. If the supervisor no longer turns, or cannot
// get rid of a critical program that hangs, it ends PID 1, which the kernel takes for a panic: so the reason is kept. The hardware resets
// what hangs too badly for that.
func (c *card) keepWatchdog(ctx context.Context) {
	k := watchdog.Keeper{
		Feed:      func() error { return nil },
		Turns:     c.supervisor.Turns(),
		Check:     func() error { return stuck(c.supervisor.Status(), time.Now()) },
		Failed:    func(err error) { c.logger.Error("watchdog is not fed", "err", err) },
		StartTime: bootTime,
		EndTime:   endTime,
	}
	if device := c.openWatchdog(); device != nil {
		k.Feed = device.Feed
	}
	if err := k.Run(ctx); err != nil {
		c.logger.Error("card is reset", "err", err)
		time.Sleep(100 * time.Millisecond) // the log is printed
		debug.SetTraceback("all")
		panic(err)
	}
}

func (c *card) openWatchdog() *watchdog.Device {
	if c.options.noWatchdog {
		return nil
	}
	device, err := watchdog.Open("/dev/watchdog", watchdog.Timeout)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.logger.Info("this machine has no watchdog")
	case err != nil:
		c.logger.Error("watchdog", "err", err)
	}
	return device
}

// stuck tells of a critical program that has survived its SIGKILL.
func stuck(all []supervise.Status, now time.Time) error {
	for _, name := range criticalPrograms() {
		for _, st := range all {
			if st.Name == name && !st.Killed.IsZero() && now.Sub(st.Killed) > stuckTime {
				return fmt.Errorf("%s hangs and cannot be killed", name)
			}
		}
	}
	return nil
}
