package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/board/rpi"
)

// The image that is flashed comes up on the device tree of a real Pi 3: PID 1 starts, and the SD card has its four partitions.
func TestSmoke(t *testing.T) {
	const path = "../../images/out/upscard-rpi.img"
	missing(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	console, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, path, "loglevel=7", nil, w)
		w.Close()
		done <- err
	}()

	wanted := []string{"] Machine model: Raspberry Pi 3 Model B", "]  mmcblk0: p1 p2 p3 p4", "] init: started", "upsd: level=INFO msg=listening"}
	var seen []string
	for lines := bufio.NewScanner(console); len(wanted) > 0 && lines.Scan(); {
		seen = append(seen, lines.Text())
		wanted = slices.DeleteFunc(wanted, func(w string) bool { return strings.Contains(lines.Text(), w) })
	}
	cancel()
	go io.Copy(io.Discard, console)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(wanted) > 0 {
		t.Errorf("not seen: %q; last lines:\n%s", wanted, strings.Join(seen[max(0, len(seen)-20):], "\n"))
	}
}

// missing skips the test where a part is not there, saying which.
func missing(t *testing.T, image string) {
	t.Helper()
	if _, err := os.Stat(image); os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("the image is not built: make image")
	}
	if _, err := exec.LookPath("fdtoverlay"); err != nil {
		t.Skip("fdtoverlay is missing (device-tree-compiler)")
	}
	out, err := exec.Command(rpi.Program, "-M", "help").Output()
	if err != nil {
		t.Skipf("%s: %v", rpi.Program, err)
	}
	if !strings.Contains(string(out), "raspi3b") {
		t.Skipf("%s has no machine raspi3b", rpi.Program)
	}
}
