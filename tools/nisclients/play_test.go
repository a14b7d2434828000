// Package nisclients lets real clients of apcupsd's network information server ask ours.
package nisclients

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/tools/debs"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// need skips the test, or fails it under CI=true, unless err is nil.
func need(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// bench is a nisd that follows UPSes of the test's own.
type bench struct {
	t   *testing.T
	dir string // its path is short, as those of sockets must be
	log *output
	ups map[string]*ups.Store

	addrs []string
}

// ask returns the records of an answer about the first UPS.
func (b *bench) ask(request string) string {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.addrs[0])
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(append([]byte{0, byte(len(request))}, request...)); err != nil {
		b.t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	var all []byte
	for {
		var n uint16
		if err := binary.Read(in, binary.BigEndian, &n); err != nil {
			b.t.Fatal(err)
		}
		if n == 0 {
			return string(all)
		}
		record := make([]byte, n)
		if _, err := io.ReadFull(in, record); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, record...)
	}
}

// apc is a UPS as the card knows one.
var apc = map[string]string{
	"driver.name": "usbhid-ups", "device.mfr": "American Power Conversion", "device.model": "Back-UPS RS 1000G", "device.serial": "3B1523X12345",
	"ups.mfr": "American Power Conversion", "ups.model": "Back-UPS RS 1000G", "ups.status": "OL", "ups.serial": "3B1523X12345", "server.fsd": "no",
	"input.voltage": "230.0", "ups.load": "23", "battery.charge": "100", "battery.runtime": "2690", "battery.charge.low": "10",
	"battery.runtime.low": "120", "input.sensitivity": "medium", "ups.delay.start": "15", "ups.delay.shutdown": "20", "input.transfer.low": "176",
	"input.transfer.high": "294", "ups.beeper.status": "enabled", "battery.voltage": "27.3", "ups.test.result": "Done and passed",
	"ups.mfr.date": "2015/06/10", "battery.date": "2015/06/10", "input.voltage.nominal": "230", "battery.voltage.nominal": "24.0",
	"ups.realpower.nominal": "600", "ups.firmware": "868.L2 .D", "ups.firmware.aux": "L2", "output.voltage": "230.0", "input.frequency": "50.0",
	"output.frequency": "50.0", "ups.temperature": "31.2", "output.current": "1.25",
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir, err := os.MkdirTemp("", "nis")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "nut"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, dir: dir, ups: make(map[string]*ups.Store)}
}

// feed shows a UPS as upsd does.
func (b *bench) feed(name string) {
	b.t.Helper()
	ln, err := driversock.Listen(filepath.Join(b.dir, "nut", "feed-"+name))
	if err != nil {
		b.t.Fatal(err)
	}
	store := ups.NewStore()
	b.ups[name] = store
	b.show(name, ups.Fresh, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	b.t.Cleanup(func() { cancel(); running.Wait() })
}

// show changes what is known of a UPS.
func (b *bench) show(name string, f ups.Freshness, changes map[string]string) {
	vars := make(map[string]ups.Var)
	for n, v := range apc {
		vars[n] = ups.Var{Value: v}
	}
	for n, v := range changes {
		vars[n] = ups.Var{Value: v}
	}
	b.ups[name].Set(ups.NewSnapshot(vars, nil, f, time.Now()))
}

func (b *bench) status(name, status string) {
	b.show(name, ups.Fresh, map[string]string{"ups.status": status})
}

// program builds one of ours.
func program(t *testing.T, pkg string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.Command("go", "build", "-o", path, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", pkg, err, out)
	}
	return path
}

// nisd starts it with [nis] and more as configured, and returns the addresses at which it listens, in the order of the UPSes' names.
func (b *bench) nisd(conf string, upses int) (addrs []string) {
	b.t.Helper()
	file := filepath.Join(b.dir, "upscard.toml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.log = start(b.t, exec.Command(program(b.t, "../../cmd/nisd"), "-config", file, "-run", b.dir, "-state", filepath.Join(b.dir, "state"), "-hostname", "card"))
	said := regexp.MustCompile(`msg=listening ups=(\S+) addr=(\S+)`)
	await(b.t, "nisd listens", func() bool { return len(said.FindAllString(b.log.String(), -1)) == upses })
	listening := said.FindAllStringSubmatch(b.log.String(), -1)
	slices.SortFunc(listening, func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	for _, m := range listening {
		addrs = append(addrs, m[2])
	}
	b.addrs = addrs
	return addrs
}

// start runs a program to the end of the test; what it says is shown if the test has failed.
func start(t *testing.T, cmd *exec.Cmd) *output {
	t.Helper()
	out := new(output)
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s says\n%s", filepath.Base(cmd.Path), out)
		}
	})
	return out
}

// output is what a program says.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// root is a tree of Debian's packages. Programs run in it by chroot: each finds its own libraries, and nothing of this machine's.
type root struct {
	path string
	tmp  string // within, of this test
}

// newRoot unpacks packages into a tree of that name.
func newRoot(t *testing.T, name string, packages ...string) *root {
	t.Helper()
	need(t, debs.Available())
	if os.Getuid() != 0 {
		need(t, errors.New("only root may chroot"))
	}
	path, err := debs.Unpack(t.Context(), filepath.Join("../../images/out", name), "", packages...)
	need(t, err)
	path, err = filepath.Abs(path)
	need(t, err)
	for _, dir := range []string{"dev", "tmp"} {
		need(t, os.MkdirAll(filepath.Join(path, dir), 0o755))
	}
	for file, text := range map[string]string{"passwd": "root:x:0:0::/:/bin/sh\n", "hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files\n", "services": ""} {
		need(t, os.WriteFile(filepath.Join(path, "etc", file), []byte(text), 0o644))
	}
	if err := syscall.Mknod(filepath.Join(path, "dev/null"), syscall.S_IFCHR|0o666, 1<<8|3); err != nil && err != syscall.EEXIST {
		need(t, err)
	}
	tmp, err := os.MkdirTemp(filepath.Join(path, "tmp"), "t")
	need(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	return &root{path, "/tmp/" + filepath.Base(tmp)}
}

// command is one of the tree's programs, in process ids of its own: what it may order in the end, its reach ends there.
func (r *root) command(t *testing.T, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.path, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run returns all that a program says, which ends by itself and well.
func (r *root) run(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := r.command(t, path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", path, args, err, out)
	}
	return string(out)
}

func (r *root) write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.path, r.tmp, name), []byte(strings.ReplaceAll(text, "TMP", r.tmp)), 0o644); err != nil {
		t.Fatal(err)
	}
	return r.tmp + "/" + name
}

func (r *root) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(r.path, r.tmp, name)) // it may not be there yet
	return string(b)
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}
