package card

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"

	"github.com/upscard/upscard/board/virt"
)

// run powers the card on, and again each time that it resets or PowerCycle comes, until it powers off, QEMU dies or Kill comes. It tells on started how the first
// start went.
func (c *Card) run(ctx context.Context, started chan<- error) {
	runtime.LockOSThread() // Pdeathsig is about the thread that started the child
	defer runtime.UnlockOSThread()
	defer close(c.exited)
	defer c.Console.end()
	for tryboot := false; ; tryboot = c.askedTryboot() {
		power, err := c.powerOn(ctx, tryboot)
		if started != nil {
			started <- err
			started = nil
		}
		if err != nil {
			c.status = err
			return
		}
		reset, err := power.wait(c.cfg.Console)
		c.mu.Lock()
		c.pid, c.monitor = 0, nil
		off, cycled := c.off, c.cycled
		c.cycled = false
		c.mu.Unlock()
		if off || !cycled && (err != nil || !reset) {
			c.status = err
			return
		}
	}
}

// trybootLine is how init says that it resets with the flag for which the Pi's firmware boots the other system once. A Pi has a mailbox for
// that, QEMU's virt machine has the console.
var trybootLine = regexp.MustCompile(`^init: reboot \(0 tryboot\)$`)

func (c *Card) askedTryboot() bool {
	lines := c.Console.Lines()
	for i := len(lines) - 1; i >= 0 && i >= len(lines)-5; i-- {
		if trybootLine.MatchString(lines[i].Text) {
			return true
		}
	}
	return false
}

// power is one run of QEMU, from power-on to power-off or reset.
type power struct {
	cmd     *exec.Cmd
	console *Console
	stdout  io.Reader
	stderr  *tail
	monitor *monitor
}

// powerOn starts QEMU in a process group of its own, so that a Ctrl-C at the terminal is this program's to act on, and bound to this
// process's life.
func (c *Card) powerOn(ctx context.Context, tryboot bool) (*power, error) {
	if err := c.load(tryboot); err != nil {
		return nil, err
	}
	os.Remove(c.machine.Monitor) // of the run before
	cmd := exec.Command(virt.Program, c.machine.Args()...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p := &power{cmd: cmd, console: c.Console, stdout: stdout, stderr: &tail{}}
	cmd.Stderr = p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		return nil, ErrEnded
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c.Console.plug(stdin)
	if p.monitor, err = dialMonitor(ctx, c.machine.Monitor); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("%w: %s", err, p.stderr)
	}
	c.pid, c.monitor = cmd.Process.Pid, p.monitor
	return p, nil
}

// wait follows the console until QEMU ends. reset tells that the card asked to be started again.
func (p *power) wait(console io.Writer) (reset bool, err error) {
	p.console.read(p.stdout, console)
	err = p.cmd.Wait()
	reason := p.monitor.reason()
	if err != nil {
		return false, fmt.Errorf("%s: %w: %s", virt.Program, err, strings.TrimSpace(p.stderr.String()))
	}
	return reason == "guest-reset", nil
}

// tail keeps the last bytes that a program wrote to its standard error.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text) - 2000; n > 0 {
		t.text = t.text[n:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }
