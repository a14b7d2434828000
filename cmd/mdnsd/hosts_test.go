package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/tools/debs"
)

// TestMain makes the test binary two programs besides: `host ROOT DIR`, a machine, and `mdnsd FLAGS`, what is tested.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "host":
		err := beHost(os.Args[2], os.Args[3])
		fmt.Println(err)
		os.Exit(1)
	case len(os.Args) > 1 && os.Args[1] == "mdnsd":
		os.Args = append([]string{"mdnsd"}, os.Args[2:]...)
		main()
	}
	os.Exit(m.Run())
}

// beHost is a machine's first process: its root is that of Debian's packages, and what is written there is gone with it.
func beHost(root, dir string) error {
	merged := filepath.Join(dir, "merged")
	mount := func(source, target, kind string, flags uintptr, data string) error {
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		return os.NewSyscallError("mount "+target, unix.Mount(source, target, kind, flags, data))
	}
	steps := []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return mount("tmpfs", dir, "tmpfs", 0, "") },
		func() error { return errors.Join(os.Mkdir(dir+"/upper", 0o755), os.Mkdir(dir+"/work", 0o755)) },
		func() error {
			return mount("overlay", merged, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", root, dir, dir))
		},
		func() error { return mount("proc", merged+"/proc", "proc", 0, "") },
		func() error { return mount("/dev", merged+"/dev", "", unix.MS_BIND|unix.MS_REC, "") },
		func() error { return mount("tmpfs", merged+"/run", "tmpfs", 0, "") },
		func() error { return mount("tmpfs", merged+"/tmp", "tmpfs", 0, "mode=1777") },
		func() error { return os.MkdirAll(merged+"/run/dbus", 0o755) },
		func() error {
			return os.WriteFile(merged+"/etc/passwd", []byte("root:x:0:0::/:/bin/sh\nmessagebus:x:901:901::/:/bin/false\navahi:x:902:902::/:/bin/false\n"), 0o644)
		},
		func() error {
			return os.WriteFile(merged+"/etc/group", []byte("root:x:0:\nmessagebus:x:901:\navahi:x:902:\nnetdev:x:903:\n"), 0o644)
		},
		func() error { return errors.Join(unix.Chroot(merged), unix.Chdir("/")) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	go func() {
		for { // what ends here has nobody else
			if _, err := unix.Wait4(-1, nil, 0, nil); err != nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	_, err := os.Stdin.Read(make([]byte, 1))
	return err
}

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// need skips the test, which CI must not.
func need(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// packages are the other parties.
var packages = []string{"avahi-daemon", "avahi-utils", "dbus-daemon", "nut-client", "nut-server", "python3-zeroconf", "tshark"}

// network is a switch in a namespace of its own, which the test's thread is in.
type network struct {
	t      *testing.T
	root   string // of Debian's packages
	bridge *netlink.Bridge
	ports  int
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		need(t, errors.New("network namespaces need root"))
	}
	need(t, debs.Available())
	if _, err := exec.LookPath("nsenter"); err != nil {
		need(t, err)
	}
	root, err := debs.Unpack(t.Context(), "../../images/out/mdns", "", packages...)
	need(t, err)
	root, err = filepath.Abs(root)
	check(t, err)
	runtime.LockOSThread() // never given back: a thread that was elsewhere ends with the test
	before, err := netns.Get()
	check(t, err)
	ns, err := netns.New()
	check(t, err)
	t.Cleanup(func() {
		check(t, netns.Set(before))
		before.Close()
		ns.Close()
		runtime.UnlockOSThread()
	})
	off, hub := false, uint32(0) // what one says all hear, as who captures packets must
	n := &network{t: t, root: root, bridge: &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "switch"}, MulticastSnooping: &off, AgeingTime: &hub}}
	check(t, netlink.LinkAdd(n.bridge))
	check(t, netlink.LinkSetUp(n.bridge))
	return n
}

// machine is a host on the network.
type machine struct {
	*network
	name   string
	pid    int
	links  *netlink.Handle // of its namespace
	port   netlink.Link    // of the switch
	daemon *process        // Avahi's, if it has that
}

// machine adds a host, whose interface eth0 is plugged in and has no address yet.
func (n *network) machine(name string) *machine {
	n.t.Helper()
	dir := n.t.TempDir()
	self, err := os.Executable()
	check(n.t, err)
	cmd := exec.Command(self, "host", n.root, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	check(n.t, err)
	out, err := cmd.StdoutPipe()
	check(n.t, err)
	check(n.t, cmd.Start())
	n.t.Cleanup(func() { stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line := make([]byte, 200)
	k, err := out.Read(line)
	if string(line[:k]) != "ready\n" {
		n.t.Fatalf("%s: %s, %v", name, line[:k], err)
	}
	m := &machine{network: n, name: name, pid: cmd.Process.Pid}
	ns, err := netns.GetFromPid(m.pid)
	check(n.t, err)
	m.links, err = netlink.NewHandleAt(ns)
	check(n.t, err)
	n.t.Cleanup(func() { m.links.Close(); ns.Close() })
	lo, err := m.links.LinkByName("lo")
	check(n.t, err)
	check(n.t, m.links.LinkSetUp(lo))
	n.ports++
	m.plug("eth0", fmt.Sprintf("port%d", n.ports))
	return m
}

func (m *machine) plug(iface, port string) {
	m.t.Helper()
	check(m.t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: port, MasterIndex: m.bridge.Index}, PeerName: iface}))
	var err error
	m.port, err = netlink.LinkByName(port)
	check(m.t, err)
	peer, err := netlink.LinkByName(iface)
	check(m.t, err)
	check(m.t, netlink.LinkSetNsPid(peer, m.pid))
	check(m.t, netlink.LinkSetUp(m.port))
	eth, err := m.links.LinkByName(iface)
	check(m.t, err)
	check(m.t, m.links.LinkSetUp(eth))
}

// addr gives eth0 an address, at once.
func (m *machine) addr(prefix string) {
	m.t.Helper()
	eth, err := m.links.LinkByName("eth0")
	check(m.t, err)
	check(m.t, m.links.AddrAdd(eth, newAddr(prefix)))
}

func (m *machine) noAddr(prefix string) {
	m.t.Helper()
	eth, err := m.links.LinkByName("eth0")
	check(m.t, err)
	check(m.t, m.links.AddrDel(eth, newAddr(prefix)))
}

func newAddr(prefix string) *netlink.Addr {
	p := netip.MustParsePrefix(prefix)
	a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	return a
}

// at is a command inside the machine, with Debian's root or, for the test's own programs, this machine's.
func (m *machine) at(debian bool, args ...string) *exec.Cmd {
	enter := []string{"-t", fmt.Sprint(m.pid), "-n"}
	if debian {
		enter = append(enter, "-m", "-p", "-r", "-w")
	}
	cmd := exec.Command("nsenter", append(append(enter, "--"), args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/tmp", "NUT_QUIET_INIT_UPSNOTIFY=true"}
	return cmd
}

// output is what a program of Debian's says, which may fail.
func (m *machine) output(args ...string) string {
	m.t.Helper()
	out, err := m.at(true, args...).CombinedOutput()
	if err != nil {
		out = fmt.Appendf(out, "\n%v", err)
	}
	return string(out)
}

// write makes a file of the machine's.
func (m *machine) write(path, text string) {
	m.t.Helper()
	check(m.t, os.WriteFile(m.path(path), []byte(text), 0o644))
}

// path is where a file of the machine's is for us.
func (m *machine) path(path string) string { return fmt.Sprintf("/proc/%d/root%s", m.pid, path) }

// process is a program that runs.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error

	mu  sync.Mutex
	log bytes.Buffer
}

// Write takes what the program says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func start(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	check(t, cmd.Start())
	go func() { p.err = cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		select {
		case <-p.done:
		default:
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-p.done
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.said())
		}
	})
	return p
}

// stop ends the program as init does.
func (p *process) stop() {
	p.t.Helper()
	p.end(syscall.SIGTERM)
	if p.err != nil {
		p.t.Errorf("%s: %v", p.name, p.err)
	}
}

func (p *process) end(s syscall.Signal) {
	p.t.Helper()
	check(p.t, syscall.Kill(-p.cmd.Process.Pid, s))
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
	}
}

// until waits for what a program says.
func (p *process) until(text string) {
	p.t.Helper()
	await(p.t, p.name+" to say "+text, func() bool {
		select {
		case <-p.done:
			p.t.Fatalf("%s ended: %v", p.name, p.err)
		default:
		}
		return strings.Contains(p.said(), text)
	})
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}
