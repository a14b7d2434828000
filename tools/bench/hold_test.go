package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// built makes our upsd, as it goes on the card but for the architecture.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "upsd")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", path, "../../cmd/upsd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// needNUT skips where NUT's driver is missing; CI must have it.
func needNUT(t *testing.T) {
	t.Helper()
	if _, err := nutProgram("dummy-ups"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// TestHeld is the short form of what `bench -hold` does.
func TestHeld(t *testing.T) {
	needNUT(t)
	if err := raiseFiles(); err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	err := hold(t.Context(), built(t), sizes{idle: 1000, secure: 50, busy: 20, deaf: 100, halfOpen: 50, connects: 500, length: 2 * time.Second, memory: 64 << 20}, &report)
	t.Log(report.String())
	if err != nil {
		t.Error(err)
	}
}

func TestGoroutines(t *testing.T) {
	const dump = "SIGQUIT: quit\n\ngoroutine 1 [select]:\nmain.main()\n\ngoroutine 7 gp=1 [chan receive]:\nx/nut.(*desk).run(0x1)\ncreated by sync.(*WaitGroup).Go in goroutine 3\n" +
		"\ngoroutine 9 [select]:\nmain.f()\ncreated by main.g in goroutine 1\n"
	c := goroutines(dump)
	if c.desks() != 1 || c["main.g"] != 1 || c.sum() != 3 {
		t.Errorf("%v", c)
	}
	if more := c.beyond(census{"the program's start": 1}); more != "1 of main.g, of 0" {
		t.Errorf("more: %q", more)
	}
}

func TestDrops(t *testing.T) {
	if n := drops("0000ff00 00000010 00000008\n0000ff00 0000000a 00000008\n\n"); n != 26 {
		t.Error(n)
	}
}
