package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/clock"
	"github.com/upscard/upscard/tools/card"
)

// A card whose clock is wrong asks the time server of its configuration, here Debian's chrony, and goes by it. The next
// start, the hardware's clock as wrong as before, begins no earlier than the time that was learnt: it is kept at once, and again at a stop
// 10 minutes later or more.
func TestTimeFromChrony(t *testing.T) {
	need(t, card.Available())
	program := chronyd(t)
	if !inOwnNetwork(t) {
		return
	}
	serveTime(t, program)
	m := bootReady(t, setup{clock: longAgo, outward: true, config: "[network]\nntp = [\"10.0.2.2\"]\n"})
	_, wrong := m.clockSet(0)
	const set = `netd: .*msg="clock set" server=10\.0\.2\.2 by=\S+ time=(\S+)`
	learnt, err := time.Parse(time.RFC3339, regexp.MustCompile(set).FindStringSubmatch(m.console(0, set))[1])
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Second) // what date prints is cut to the second
	got := m.date()
	after := time.Now().Add(time.Second)
	t.Logf("from %v the clock was set to %v", wrong, learnt)
	if got.Before(before) || got.After(after) {
		t.Errorf("the card says %v, this machine %v to %v", got, before, after)
	}

	_, kept := m.clockSet(m.restart("reboot"))
	t.Logf("the next start begins at %v", kept)
	if kept.Before(learnt) || kept.After(time.Now()) {
		t.Errorf("the next start begins at %v", kept)
	}
}

// serveTime runs a time server on this network's loopback address, by this machine's clock, until the test ends.
func serveTime(t *testing.T, program string) {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "chrony.conf")
	text := "local stratum 1\nallow\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress /\nuser root\npidfile " + filepath.Join(dir, "pid") + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-x", "-d", "-f", conf) // -x: it never sets a clock
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	stop := startBound(t, cmd)
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("chronyd:\n%s", log.String())
		}
	})
	for start := time.Now(); ; {
		_, err := clock.Query(t.Context(), "127.0.0.1")
		if err == nil {
			return
		}
		if time.Since(start) > patience {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// startBound starts a program that ends with the returned function, or with this process.
func startBound(t *testing.T, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // Pdeathsig is about the thread that started the child
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return func() { _ = cmd.Process.Kill(); <-ended }
}

// chronyd returns the program: this machine's own or, so that nothing of this machine is changed, Debian's package unpacked.
func chronyd(t *testing.T) string {
	t.Helper()
	const installed = "/usr/sbin/chronyd"
	if _, err := os.Stat(installed); err == nil {
		return installed
	}
	return filepath.Join(debian(t, "chrony", []string{"chrony"}, "usr/sbin/chronyd"), "chronyd")
}
