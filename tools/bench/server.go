package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long something that must happen is waited for.
const patience = 30 * time.Second

// bench is a directory with the configuration of both servers, and drivers' sockets that both read.
type bench struct {
	dir  string
	addr string // of upsd
}

// newBench makes a bench for the UPSes of these drivers, by name.
func newBench(drivers map[string]string) (*bench, error) {
	dir, err := os.MkdirTemp("", "bench") // short, as paths of sockets must be
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir}
	if b.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	var ups strings.Builder
	for name, driver := range drivers {
		fmt.Fprintf(&ups, "[%s]\n\tdriver = %s\n\tport = %s.dev\n\tmode = dummy-once\n", name, driver, filepath.Join(dir, name))
	}
	host, port, _ := net.SplitHostPort(b.addr)
	return b, errors.Join(
		os.Mkdir(b.sockets(), 0o700),
		b.write("ups.conf", ups.String()),
		b.write("upsd.conf", fmt.Sprintf("LISTEN %s %s\nMAXCONN 12000\n", host, port)),
		b.write("upsd.users", ""))
}

// freeAddr is one that was free a moment ago.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func (b *bench) sockets() string { return filepath.Join(b.dir, "nut") }

func (b *bench) write(name, text string) error {
	return os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600)
}

// append adds to a file that was written.
func (b *bench) append(name, text string) error {
	before, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return err
	}
	return b.write(name, string(before)+text)
}

func (b *bench) remove() { os.RemoveAll(b.dir) }

// process is a program that was started here.
type process struct {
	cmd *exec.Cmd

	mu     sync.Mutex
	output bytes.Buffer
}

// Write implements io.Writer.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process and returns all that it said.
func (p *process) stop(sig syscall.Signal) string {
	p.cmd.Process.Signal(sig)
	defer time.AfterFunc(patience, func() { p.cmd.Process.Kill() }).Stop()
	p.cmd.Wait()
	return p.said()
}

func (b *bench) start(program string, args ...string) (*process, error) {
	return b.run(exec.Command(program, args...))
}

// run starts a command with NUT's directories in the bench.
func (b *bench) run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd}
	cmd.Env = append(os.Environ(), "NUT_CONFPATH="+b.dir, "NUT_STATEPATH="+b.sockets(), "NUT_ALTPIDPATH="+b.sockets())
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.Stdout, cmd.Stderr = p, p
	return p, cmd.Start()
}

// server is one of those that are compared.
type server struct {
	name  string
	begin func(b *bench) (*process, error)
}

func ours(program string) server {
	return server{"upscard", func(b *bench) (*process, error) {
		return b.start(program, "-config", filepath.Join(b.dir, "upscard.toml"), "-run", b.dir, "-listen", b.addr)
	}}
}

func reference() (server, error) {
	upsd, err := nutProgram("upsd")
	if err != nil {
		return server{}, err
	}
	return server{"NUT", func(b *bench) (*process, error) {
		me, err := user.Current()
		if err != nil {
			return nil, err
		}
		return b.start(upsd, "-u", me.Username, "-F")
	}}, nil
}

// nutProgram finds a program of NUT's where Debian puts it. The upsd in sbin is a script that wants /etc/nut.
func nutProgram(name string) (string, error) {
	for _, dir := range []string{"/lib/nut", "/usr/lib/nut", "/usr/local/ups/bin"} {
		path := filepath.Join(dir, name)
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("NUT's %s is not installed (Debian: nut-server)", name)
}

// dummyUPS starts NUT's driver for a UPS of the bench whose variables are text's lines.
func (b *bench) dummyUPS(ctx context.Context, ups, text string) (*process, error) {
	driver, err := nutProgram("dummy-ups")
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	if err := b.write(ups+".dev", text); err != nil {
		return nil, err
	}
	p, err := b.start(driver, "-a", ups, "-u", me.Username, "-F")
	if err != nil {
		return nil, err
	}
	err = until(ctx, "socket of dummy-ups", func() bool {
		_, err := os.Stat(filepath.Join(b.sockets(), "dummy-ups-"+ups))
		return err == nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, p.stop(syscall.SIGKILL))
	}
	return p, nil
}

// until waits for something that nobody tells of.
func until(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %v", what, patience)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}
