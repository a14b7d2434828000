package usbhid

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestTroubleIsSaidOnce reads what is logged of a fault that lasts from the sixth to the thirtieth second.
func TestTroubleIsSaidOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault usbtest.Fault
		want  []string // parts of lines, each of which is logged once
	}{
		{"garbage", usbtest.Garbage(1, 0xff), []string{`err="report contradicts itself: 01 ff"`, `msg="data are stale" age=6.0`}},
		{"stall", usbtest.Stall, []string{`msg="report cannot be read"`, `msg="data are stale" age=2.0`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				said := logged(t, tt.fault)
				for _, part := range tt.want {
					if n := strings.Count(said, part); n != 1 {
						t.Errorf("%s is said %d times:\n%s", part, n, said)
					}
				}
			})
		})
	}
}

// logged runs a UPS whose status report fails after 5 s, and returns the log. Call it in a bubble.
func logged(t *testing.T, fault usbtest.Fault) string {
	var log bytes.Buffer
	dev := newBench()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	time.AfterFunc(5*time.Second, func() { dev.Fail(usbtest.Feature, 1, fault) })
	r := &running{t: t, dev: dev, store: ups.NewStore()}
	if err := r.serve(ctx, Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Desk: NewDesk(nil)}); err != nil {
		t.Fatal(err)
	}
	if len(r.opened) < 5 {
		t.Errorf("opened %d times", len(r.opened))
	}
	return log.String()
}
