package netconf

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// TestMain makes the test binary the two sides of TestLeaseInANamespace, each in a network namespace of its own: `server`, which runs the
// test, and `client DIR`, which it starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && clientPlans()[os.Args[1]] != nil {
		os.Exit(clientHelper(clientPlans()[os.Args[1]], os.Args[2]))
	}
	os.Exit(m.Run())
}

// clientPlans are what the client may be told, by its first argument.
func clientPlans() map[string][]Plan {
	addr := netip.MustParseAddr
	return map[string][]Plan{
		"client": {{Name: "card0", DHCP: true}},
		"static": {
			{Name: "card0", IPv6: Static, Addresses: prefixes("10.77.0.5/24", "fd77::5/64"), Gateways: []netip.Addr{addr("10.77.0.1"), addr("fd77::1")}},
			{Name: "card1", IPv6: Static, Addresses: prefixes("10.78.0.5/24", "fd78::5/64"), Gateways: []netip.Addr{addr("10.78.0.1"), addr("fd78::1")}},
		},
	}
}

func clientHelper(plans []Plan, dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := Run(ctx, Options{Plans: plans, Hostname: "card", Sysfs: "/sys", Proc: "/proc", Dir: dir,
		Logger: slog.New(slog.NewTextHandler(os.Stdout, nil)), Timeout: 100 * time.Millisecond, Shortest: time.Second,
		Configured: func() { fmt.Println("configured") }})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// network is a cable with a DHCP server at its end, and a client at the other, in its namespace.
type network struct {
	*dhcpServer
	cable  netlink.Link
	client *netlink.Handle // of the client's namespace
	dir    string
}

// newNetwork puts the test's thread into a namespace of its own.
func newNetwork(t *testing.T) *network {
	t.Helper()
	needRoot(t)
	enterNamespace(t)
	n := &network{dir: t.TempDir()}
	n.cable = newCable(t, "lan0", "card0", serverIP)
	n.dhcpServer = newDHCPServer(t, "lan0")
	n.start(t, "client", "card0")
	return n
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("network namespaces need root, and CI must test them")
		}
		t.Skip("network namespaces need root")
	}
}

// newCable has an address at our end.
func newCable(t *testing.T, ours, theirs string, ip net.IP) netlink.Link {
	t.Helper()
	check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: ours}, PeerName: theirs}))
	cable, err := netlink.LinkByName(ours)
	check(t, err)
	check(t, netlink.AddrAdd(cable, &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(24, 32)}}))
	check(t, netlink.LinkSetUp(cable))
	return cable
}

// start starts the client, then plugs the interfaces in.
func (n *network) start(t *testing.T, mode string, interfaces ...string) {
	t.Helper()
	pid := startClient(t, mode, n.dir)
	for _, name := range interfaces {
		peer, err := netlink.LinkByName(name)
		check(t, err)
		check(t, netlink.LinkSetNsPid(peer, pid)) // it waits for the interface
	}
	ns, err := netns.GetFromPid(pid)
	check(t, err)
	n.client, err = netlink.NewHandleAt(ns)
	check(t, err)
	t.Cleanup(func() { ns.Close(); n.client.Close() })
}

func startClient(t *testing.T, mode, dir string) (pid int) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	cmd := exec.Command(self, mode, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	check(t, cmd.Start())
	t.Cleanup(func() {
		check(t, cmd.Process.Signal(syscall.SIGTERM))
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			check(t, err)
		case <-time.After(2 * time.Second):
			t.Error("the client does not end within 2 s of SIGTERM")
			check(t, cmd.Process.Kill())
			<-ended
		}
		t.Logf("client:\n%s", out.String())
	})
	return cmd.Process.Pid
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// state is what the client has set up, in one line.
func (n *network) state(t *testing.T) string {
	t.Helper()
	link, err := n.client.LinkByName("card0")
	if err != nil {
		return err.Error()
	}
	addrs, err := n.client.AddrList(link, netlink.FAMILY_V4)
	check(t, err)
	var words []string
	for _, a := range addrs {
		words = append(words, a.IPNet.String())
	}
	routes, err := n.client.RouteList(link, netlink.FAMILY_V4)
	check(t, err)
	for _, r := range routes {
		if r.Protocol == unix.RTPROT_DHCP {
			words = append(words, "via "+r.Gw.String())
		}
	}
	resolv, _ := os.ReadFile(filepath.Join(n.dir, "resolv.conf"))
	return strings.Join(append(words, strings.Fields(string(resolv))...), " ")
}

// await waits until the client's state is as wanted.
func (n *network) await(t *testing.T, want string) {
	t.Helper()
	limit := time.Now().Add(15 * time.Second)
	for got := n.state(t); got != want; got = n.state(t) {
		if time.Now().After(limit) {
			t.Fatalf("the client has %q, want %q; it sent\n%s", got, want, n.sent())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// awaitLoss waits until the kernel has told about the carrier's loss: it gathers such news for up to a second and leaves out what is over.
func (n *network) awaitLoss(t *testing.T) {
	t.Helper()
	limit := time.Now().Add(15 * time.Second)
	for {
		link, err := n.client.LinkByName("card0")
		check(t, err)
		if link.Attrs().OperState != netlink.OperUp {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("the client's interface is %v", link.Attrs().OperState)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestLeaseInANamespace(t *testing.T) {
	n := newNetwork(t)
	const first = "10.77.0.50/24 via 10.77.0.1 search lan nameserver 10.77.0.1"
	n.await(t, first)
	n.awaitSent(t, "discover card")
	n.awaitSent(t, "request for 10.77.0.50 card")
	n.awaitSent(t, "request of 10.77.0.50 from 10.77.0.50 card") // renewed, unicast

	n.set(silent, 0)
	n.awaitSent(t, "request of 10.77.0.50 from 0.0.0.0 card") // rebound, broadcast
	n.await(t, "")
	n.set(giving, 60) // renewed no more
	n.await(t, first)

	n.set(refusing, 0) // as the server of another network does
	n.forget()
	check(t, netlink.LinkSetDown(n.cable))
	n.awaitLoss(t)
	check(t, netlink.LinkSetUp(n.cable))
	n.awaitSent(t, "request for 10.77.0.50 card") // confirmed without a discover
	n.await(t, "")
	n.set(60, 60)
	n.await(t, "10.77.0.60/24 via 10.77.0.1 search lan nameserver 10.77.0.1")
}

func enterNamespace(t *testing.T) {
	t.Helper()
	lockThread(t)
	before, err := netns.Get()
	check(t, err)
	ns, err := netns.New()
	check(t, err)
	t.Cleanup(func() {
		check(t, netns.Set(before))
		before.Close()
		ns.Close()
	})
}
