package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain makes the test binary the program that is confined: `confine SPEC` becomes `show` by way of Exec.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "confine":
		fmt.Println(confineSelf(os.Args[2]))
		os.Exit(1)
	case len(os.Args) == 2 && os.Args[1] == "tighten":
		fmt.Println(Tighten("upsd.serving"), makeSocket(unix.AF_INET))
		fmt.Println(unix.Exec("/proc/self/exe", []string{"sandbox.test", "show"}, nil))
		os.Exit(1)
	case len(os.Args) == 2 && os.Args[1] == "show":
		os.Exit(show())
	}
	os.Exit(m.Run())
}

func confineSelf(text string) error {
	spec, err := Parse(text)
	if err != nil {
		return err
	}
	return Exec(spec, []string{"/proc/self/exe", "show"})
}

// show prints what the kernel says about this process.
func show() int {
	for _, path := range []string{"/proc/self/status", "/proc/self/limits"} {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Printf("%s", text)
	}
	fmt.Println("Environment:", os.Environ())
	_, err := os.ReadFile("/etc/passwd")
	fmt.Println("Read:", err)
	fmt.Println("Make:", os.WriteFile("/tmp/probe", nil, 0o600))
	fmt.Println("Unix:", makeSocket(unix.AF_UNIX))
	fmt.Println("Packet:", makeSocket(unix.AF_PACKET))
	fmt.Println("Bind:", bind())
	return 0
}

func makeSocket(family int) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func bind() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

func TestConfined(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("confining is tested as root only, and CI must test it")
		}
		t.Skip("confining needs root")
	}
	if err := haveLandlock(); err != nil {
		t.Skip(err)
	}
	const none = "0000000000000000"
	tests := []struct {
		name string
		spec Spec
		want map[string]string
	}{
		{"nothing given", Spec{UID: 101, GID: 102}, map[string]string{
			"Uid": "101 101 101 101", "Gid": "102 102 102 102", "Groups": "", "NoNewPrivs": "1",
			"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none, "Environment": "[]", "Seccomp": "2",
			"Read": "open /etc/passwd: permission denied", "Make": "open /tmp/probe: permission denied",
			"Unix": "address family not supported by protocol"}},
		{"capabilities, groups, limits", netd, map[string]string{
			"Uid": "100 100 100 100", "Groups": "150 151", "NoNewPrivs": "1",
			"CapInh": "0000000000003000", "CapPrm": "0000000000003000", "CapEff": "0000000000003000",
			"CapBnd": "0000000000003000", "CapAmb": "0000000000003000",
			"Max open files": "64 64 files", "Max core file size": "0 0 bytes"}},
		{"a socket for any port", Spec{UID: 101, GID: 101, Bind: Ports{Any: true}, Sockets: []string{"unix", "inet"}}, map[string]string{
			"Unix": "<nil>", "Bind": "<nil>", "Packet": "address family not supported by protocol"}},
		{"a socket for no port", Spec{UID: 101, GID: 101, Sockets: []string{"inet"}}, map[string]string{"Bind": "permission denied"}},
		{"root without power", Spec{}, map[string]string{
			"Uid": "0 0 0 0", "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := confined(t, test.spec)
			for key, want := range test.want {
				if got[key] != want {
					t.Errorf("%s: got %q, want %q", key, got[key], want)
				}
			}
		})
	}
}

// confined runs show as spec says and returns what it printed, by key.
func confined(t *testing.T, spec Spec) map[string]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spec.Files = append(slices.Clone(spec.Files), File{"ro", "/proc"}, File{"run", "/usr"}) // what show reads, and where it is no static program
	cmd := exec.Command(self, "confine", spec.String())
	cmd.Env = []string{"SECRET=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	values := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		key, value, found := strings.Cut(line, ":")
		if !found && len(line) > 26 { // /proc/self/limits has columns
			key, value = strings.TrimSpace(line[:26]), line[26:]
		}
		values[key] = strings.Join(strings.Fields(value), " ")
	}
	return values
}

// Whoever execs after Tighten is killed. It takes no privileges.
func TestTightened(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "tighten")
	out, _ := cmd.CombinedOutput()
	if want := "<nil> address family not supported by protocol\n"; string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGSYS {
		t.Errorf("ended by %v, want %v", cmd.ProcessState, syscall.SIGSYS)
	}
	if err := Tighten("cat"); err == nil || !strings.Contains(err.Error(), `"cat"`) {
		t.Errorf("Tighten(cat): %v", err)
	}
}

func TestExecNamesWhatFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, "confine", "uid=1 gid=x").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `gid: "x"`) {
		t.Errorf("got %v, %q", err, out)
	}
}
