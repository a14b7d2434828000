package sim

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// open makes a UPS of an own device or of a description file.
func open(t testing.TB, name string, opts Options) *UPS {
	t.Helper()
	d, err := devices.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return New(d, opts)
}

// plugged joins a UPS to a fake guest until the test ends.
func plugged(t *testing.T, u *UPS) (*redirtest.Guest, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	near, far := net.Pipe()
	attached, ticking := make(chan error, 1), make(chan struct{})
	go func() { attached <- u.host.Attach(ctx, near) }()
	go func() {
		defer close(ticking)
		u.tick(ctx)
	}()
	guest, err := redirtest.Dial(far)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		guest.Close()
		if err := <-attached; err != nil {
			t.Error(err)
		}
		cancel()
		<-ticking
	})
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	return guest, ctx
}

// do carries out a command that must work.
func do(t testing.TB, u *UPS, line string) []string {
	t.Helper()
	answer, err := u.Do(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return answer
}

// value is the field whose path ends in the given one.
func value(t testing.TB, u *UPS, kind hid.Kind, path string) Value {
	t.Helper()
	for _, v := range u.Values() {
		if v.Kind == kind && v.Path.String() == path {
			return v
		}
	}
	t.Fatalf("no %v field %s", kind, path)
	return Value{}
}
