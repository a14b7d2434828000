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
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/upscard/upscard/board/virt"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// Config says what to boot: Image, or Kernel and Initrd. The rest has sensible zero values.
type Config struct {
	Image    string            // of the SD card; the card gets a copy of its own
	Kernel   string            // and
	Initrd   string            // are files of a guest that has no disk
	Dir      string            // an existing directory for what the card needs; its path is short (a socket's has 107 bytes at most)
	UPS      []*sim.UPS        // plugged in; the card serves them
	Ports    []string          // the port of each, "2" or "1.3"; those that are left out follow the order of UPS, from port 1 on
	Hubs     []string          // ports with a USB hub of eight ports, "1" or "1.8"
	Control  []string          // where each takes a person's commands; those that are left out have sockets in Dir
	Config   []byte            // upscard.toml as its owner writes it on the first partition; nil leaves the sample
	Append   []string          // words for the kernel's command line, in front of the card's own
	Files    map[string][]byte // put into the card's root file system, "etc/upscard.toml"
	Services []Service         // what to forward; nil for Services
	MemoryMB int               // 256 if 0
	KeepRAM  bool              // memory survives a reset
	Outbound bool              // the card reaches this machine's loopback address, as 10.0.2.2
	Tap      string            // an interface of this machine that is the other end of a second one of the card's, for what is no TCP
	Clock    time.Time         // what the hardware's clock shows at each power-on; zero for this machine's
	Console  io.Writer         // gets a copy of the console
	Logger   *slog.Logger
}

// Card is a booted card. Its owner calls Stop.
type Card struct {
	Console *Console
	UPS     []*sim.UPS
	Control []string // the socket on which each UPS takes commands
	Disk    string   // the card's own disk

	cfg      Config
	services []Service
	machine  virt.Machine
	dir      string
	cancel   context.CancelFunc
	owned    sync.WaitGroup
	exited   chan struct{} // closed when the card has gone down for good
	status   error         // how; valid once exited is closed

	mu      sync.Mutex
	pid     int      // of QEMU
	monitor *monitor // QEMU's
	off     bool     // is not to be powered on again
	cycled  bool     // is to be powered on again, though QEMU was killed
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
	disk := ""
	if cfg.Image != "" {
		disk = filepath.Join(cfg.Dir, "disk")
		if err := copySparse(disk, cfg.Image); err != nil {
			return nil, err
		}
		if err := configure(disk, cfg.Config); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Card{
		Console: newConsole(), UPS: cfg.UPS, Disk: disk, cfg: cfg, services: services, dir: cfg.Dir,
		cancel: cancel, exited: make(chan struct{}),
		machine: virt.Machine{Disk: disk, MemoryMB: cfg.MemoryMB, Forwards: forwards, Outbound: cfg.Outbound, Tap: cfg.Tap, Clock: cfg.Clock, Hubs: cfg.Hubs,
			Monitor: filepath.Join(cfg.Dir, "qmp")},
	}
	if c.machine.MemoryMB == 0 {
		c.machine.MemoryMB = 256
	}
	if cfg.KeepRAM {
		c.machine.Memory = filepath.Join(cfg.Dir, "ram")
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
		c.machine.USB = append(c.machine.USB, virt.Device{Socket: socket, Port: cfg.port(i)})
	}
	started := make(chan error, 1)
	c.owned.Go(func() { c.run(ctx, started) })
	if err := <-started; err != nil {
		c.abandon()
		return nil, err
	}
	return c, nil
}

// port is where UPS number i, from 0, is plugged in.
func (cfg Config) port(i int) string {
	if i < len(cfg.Ports) {
		return cfg.Ports[i]
	}
	return strconv.Itoa(i + 1)
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

// Addr is where the named service of the card answers, "127.0.0.1:PORT".
func (c *Card) Addr(service string) string {
	for i, s := range c.services {
		if s.Name == service {
			return fmt.Sprintf("127.0.0.1:%d", c.machine.Forwards[i].Host)
		}
	}
	return ""
}

// Exited is closed when the card has powered off or QEMU has ended otherwise; Status then tells which (nil: powered off).
func (c *Card) Exited() <-chan struct{} { return c.exited }

// Status is how QEMU ended, once Exited is closed.
func (c *Card) Status() error { return c.status }

// Stop presses the card's power button, waits for it to power off for at most wait, ends QEMU by force if it has not by then, and
// waits for everything that Start began. It reports whether the card went down by itself.
func (c *Card) Stop(wait time.Duration) (clean bool) {
	c.mu.Lock()
	c.off = true
	monitor := c.monitor
	c.mu.Unlock()
	if wait > 0 && monitor != nil && monitor.command("system_powerdown") == nil {
		select {
		case <-c.exited:
			clean = c.status == nil
		case <-time.After(wait):
		}
	}
	c.Kill()
	c.abandon()
	return clean
}

// PowerCycle takes the card's power away at once, and gives it back: what it had not written to the SD card is lost.
func (c *Card) PowerCycle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid != 0 {
		c.cycled = true
		syscall.Kill(c.pid, syscall.SIGKILL)
	}
}

// Kill cuts the card's power: QEMU ends at once.
func (c *Card) Kill() {
	c.mu.Lock()
	c.off = true
	if c.pid != 0 {
		syscall.Kill(c.pid, syscall.SIGKILL)
	}
	c.mu.Unlock()
	<-c.exited
}

func (c *Card) abandon() {
	c.cancel()
	c.owned.Wait()
}

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
