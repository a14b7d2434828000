// Package card boots the card in QEMU with simulated UPSes on its USB ports.
package card

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/upscard/upscard/board/virt"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// Config says what to boot. Kernel and Initrd are files; the rest has sensible zero values.
type Config struct {
	Kernel, Initrd string
	Dir            string            // an existing directory for sockets; its path is short (a socket's has 107 bytes at most)
	UPS            []*sim.UPS        // plugged in, in port order; the card serves them
	Control        []string          // where each takes a person's commands; those that are left out have sockets in Dir
	Append         []string          // words for the kernel's command line
	Files          map[string][]byte // put into the card's root file system, "etc/upscard.toml"
	Services       []Service         // what to forward; nil for Services
	MemoryMB       int               // 256 if 0
	Console        io.Writer         // gets a copy of the console
	Logger         *slog.Logger
}

// Card is a booted card. Its owner calls Stop.
type Card struct {
	Console *Console
	UPS     []*sim.UPS
	Control []string // the socket on which each UPS takes commands

	services []Service
	forwards []virt.Forward
	dir      string
	stdin    io.WriteCloser
	pid      int
	cancel   context.CancelFunc
	owned    sync.WaitGroup
	exited   chan struct{} // closed when QEMU has ended
	status   error         // how; valid once exited is closed
}

// Start boots a card and returns as soon as QEMU runs. Ports that are taken are replaced; Addr tells.
func Start(cfg Config) (*Card, error) {
	services := cfg.Services
	if services == nil {
		services = Services
	}
	forwards, err := forward(services)
	if err != nil {
		return nil, err
	}
	initrd, err := withFiles(cfg.Initrd, cfg.Dir, cfg.Files)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Card{UPS: cfg.UPS, services: services, forwards: forwards, dir: cfg.Dir, cancel: cancel, exited: make(chan struct{})}

	machine := virt.Machine{
		Kernel: cfg.Kernel, Initrd: initrd, Append: cfg.Append, MemoryMB: cfg.MemoryMB,
		Forwards: forwards, Monitor: filepath.Join(cfg.Dir, "qmp"),
	}
	if machine.MemoryMB == 0 {
		machine.MemoryMB = 256
	}
	c.Control = cfg.Control[:len(cfg.Control):len(cfg.Control)]
	for i := len(c.Control); i < len(cfg.UPS); i++ {
		c.Control = append(c.Control, filepath.Join(cfg.Dir, fmt.Sprintf("control%d", i+1)))
	}
	for i, u := range cfg.UPS {
		socket, err := c.serve(ctx, u, i, cfg.Logger)
		if err != nil {
			c.abandon()
			return nil, err
		}
		machine.USB = append(machine.USB, socket)
	}
	if err := c.run(exec.Command(virt.Program, machine.Args()...), cfg.Console); err != nil {
		c.abandon()
		return nil, err
	}
	return c, nil
}

// serve lets QEMU and a person's control client reach a simulated UPS.
func (c *Card) serve(ctx context.Context, u *sim.UPS, i int, log *slog.Logger) (string, error) {
	socket := filepath.Join(c.dir, fmt.Sprintf("usb%d", i+1))
	for _, s := range []struct {
		path  string
		serve func(context.Context, net.Listener) error
	}{
		{socket, u.Serve},
		{c.Control[i], u.ServeControl},
	} {
		l, err := sim.Listen(s.path)
		if err != nil {
			return "", err
		}
		c.owned.Go(func() {
			if err := s.serve(ctx, l); err != nil && log != nil {
				log.Error("simulated UPS", "socket", s.path, "err", err)
			}
		})
	}
	return socket, nil
}

// run starts QEMU in a process group of its own, so that a Ctrl-C at the terminal is this program's to act on, and bound to this
// process's life.
func (c *Card) run(cmd *exec.Cmd, console io.Writer) error {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var stderr tail
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.stdin, c.Console = stdin, newConsole(stdin)

	started := make(chan error)
	c.owned.Go(func() {
		runtime.LockOSThread() // Pdeathsig is about the thread that started the child
		defer runtime.UnlockOSThread()
		defer close(c.exited)
		err := cmd.Start()
		if err == nil {
			c.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		c.Console.read(stdout, console)
		if err := cmd.Wait(); err != nil {
			c.status = fmt.Errorf("%s: %w: %s", virt.Program, err, stderr.String())
		}
	})
	return <-started
}

// Addr is where the named service of the card answers, "127.0.0.1:PORT".
func (c *Card) Addr(service string) string {
	for i, s := range c.services {
		if s.Name == service {
			return fmt.Sprintf("127.0.0.1:%d", c.forwards[i].Host)
		}
	}
	return ""
}

// Exited is closed when the card has powered off or QEMU has ended otherwise; Status then tells which (nil: powered off).
func (c *Card) Exited() <-chan struct{} { return c.exited }

// Status is how QEMU ended, once Exited is closed.
func (c *Card) Status() error { return c.status }

// Input is the serial console's keyboard.
func (c *Card) Input() io.Writer { return c.stdin }

// Stop presses the card's power button, waits for it to power off for at most wait, ends QEMU by force if it has not by then, and
// waits for everything that Start began. It reports whether the card went down by itself.
func (c *Card) Stop(wait time.Duration) (clean bool) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if wait > 0 && powerButton(ctx, filepath.Join(c.dir, "qmp")) == nil {
		select {
		case <-c.exited:
			clean = c.status == nil
		case <-ctx.Done():
		}
	}
	c.Kill()
	c.abandon()
	return clean
}

// Kill cuts the card's power: QEMU ends at once.
func (c *Card) Kill() {
	select {
	case <-c.exited:
	default:
		syscall.Kill(c.pid, syscall.SIGKILL)
		<-c.exited
	}
}

func (c *Card) abandon() {
	c.cancel()
	if c.stdin != nil {
		c.stdin.Close()
	}
	c.owned.Wait()
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

// ErrNoEmulator says that QEMU is not installed.
var ErrNoEmulator = errors.New("qemu-system-aarch64 is not installed")

// Available tells whether a card can be booted here.
func Available() error {
	if _, err := exec.LookPath(virt.Program); err != nil {
		return ErrNoEmulator
	}
	return nil
}

// TempDir makes a directory for a card's sockets. $TMPDIR must be short: a socket's path has 107 bytes at most.
func TempDir() (string, error) { return os.MkdirTemp("", "upscard-") }
