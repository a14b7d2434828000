// Package nuttest runs NUT's own programs as counterparts in tests.
package nuttest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dirs is where Debian puts NUT's programs. The upsd in sbin is a script that wants /etc/nut.
var dirs = []string{"/lib/nut", "/usr/lib/nut", "/usr/local/ups/bin", "/usr/bin", "/bin"}

// Program returns the path of a program of NUT, or skips the test; where CI=true it fails instead.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			return path
		}
	}
	msg := fmt.Sprintf("NUT's %s is not installed (Debian: nut-client, nut-server)", name)
	if os.Getenv("CI") == "true" {
		t.Fatal(msg)
	}
	t.Skip(msg)
	return ""
}

// Bench is a private NUT installation on loopback. Its programs end with the test.
type Bench struct {
	Dir  string // configuration, and the drivers' sockets in its nut
	Conf string // more lines of upsd.conf

	t testing.TB
}

// New makes an empty bench. Its path is short, as those of sockets must be.
func New(t testing.TB) *Bench {
	t.Helper()
	dir, err := os.MkdirTemp("", "nut")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &Bench{Dir: dir, t: t}
	if err := os.Mkdir(b.Sockets(), 0o700); err != nil {
		t.Fatal(err)
	}
	return b
}

// Sockets is the directory of the drivers' sockets.
func (b *Bench) Sockets() string { return filepath.Join(b.Dir, "nut") }

// Configure appends a UPS to ups.conf. The lines follow the driver's name.
func (b *Bench) Configure(ups, driver string, lines ...string) {
	b.t.Helper()
	text := fmt.Sprintf("[%s]\n\tdriver = %s\n\t%s\n", ups, driver, strings.Join(lines, "\n\t"))
	f, err := os.OpenFile(filepath.Join(b.Dir, "ups.conf"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		b.t.Fatal(err)
	}
}

// DummyUPS configures a UPS whose variables are dev's lines "name: value", starts NUT's dummy-ups for it and waits for
// its socket.
func (b *Bench) DummyUPS(ups, dev string, lines ...string) *os.Process {
	b.t.Helper()
	driver := Program(b.t, "dummy-ups")
	path := filepath.Join(b.Dir, ups+".dev")
	if err := os.WriteFile(path, []byte(dev), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.Configure(ups, "dummy-ups", append(lines, "port = "+path, "pollinterval = 1")...)
	p := b.start(driver, "-a", ups, "-u", username(b.t), "-F")
	b.wait("socket of "+ups, func() bool {
		_, err := os.Stat(filepath.Join(b.Sockets(), "dummy-ups-"+ups))
		return err == nil
	})
	return p
}

// Driver configures a UPS with any of NUT's drivers, starts it and waits for its socket.
func (b *Bench) Driver(ups, name string, lines ...string) *os.Process {
	b.t.Helper()
	driver := Program(b.t, name)
	b.Configure(ups, name, append(lines, "pollinterval = 1")...)
	p := b.start(driver, "-a", ups, "-u", username(b.t), "-F")
	b.wait("socket of "+ups, func() bool {
		_, err := os.Stat(filepath.Join(b.Sockets(), name+"-"+ups))
		return err == nil
	})
	return p
}

// Upsd starts NUT's upsd for the configured UPSes and returns its address. Users is upsd.users.
func (b *Bench) Upsd(users string) string {
	b.t.Helper()
	upsd := Program(b.t, "upsd")
	addr := freeAddr(b.t)
	host, port, _ := net.SplitHostPort(addr)
	for name, text := range map[string]string{"upsd.conf": "LISTEN " + host + " " + port + "\n" + b.Conf, "upsd.users": users} {
		if err := os.WriteFile(filepath.Join(b.Dir, name), []byte(text), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.start(upsd, "-u", username(b.t), "-F")
	b.wait("upsd on "+addr, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return addr
}

// Upsc runs NUT's upsc and returns what it prints, and whether it succeeded.
func Upsc(t testing.TB, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(Program(t, "upsc"), args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), nil
}

// Run runs one of NUT's clients and returns all that it says, and whether it succeeded.
func Run(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(Program(t, program), args...).CombinedOutput()
	return string(out), err
}

// start runs a program until the test ends; its output goes to the log of a test that failed.
func (b *Bench) start(path string, args ...string) *os.Process {
	b.t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "NUT_CONFPATH="+b.Dir, "NUT_STATEPATH="+b.Sockets(), "NUT_ALTPIDPATH="+b.Sockets())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if b.t.Failed() {
			b.t.Logf("%s:\n%s", filepath.Base(path), output.String())
		}
	})
	return cmd.Process
}

// wait polls, since NUT's programs tell nobody when they are ready.
func (b *Bench) wait(what string, ready func() bool) {
	b.t.Helper()
	for range 500 {
		if ready() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("no %s after 10 s", what)
}

func username(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func freeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
