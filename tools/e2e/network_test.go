package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ownNetwork names, in the environment, the test that runs in a network of its own.
const ownNetwork = "UPSCARD_E2E_NETWORK"

// inOwnNetwork runs the test again, in a process whose network has nothing but a loopback address, and returns true there. Here it returns
// false once that has ended.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownNetwork) == t.Name() {
		lo, err := netlink.LinkByName("lo")
		if err == nil {
			err = netlink.LinkSetUp(lo)
		}
		if err != nil {
			t.Fatal(err)
		}
		onlyLoopback(t)
		return true
	}
	if os.Geteuid() != 0 {
		need(t, fmt.Errorf("network namespaces need root"))
	}
	runtime.LockOSThread() // Pdeathsig
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), ownNetwork+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("in its own network:\n%s", out)
	if err != nil || bytes.Contains(out, []byte("--- SKIP")) {
		t.Errorf("in its own network: %v", err)
	}
	return false
}

// onlyLoopback ends the test unless nothing that it sends can leave this machine.
func onlyLoopback(t *testing.T) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			t.Fatalf("interface %s is up: this is no network of our own", i.Name)
		}
	}
}
