package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestMain makes the test binary the program that is confined: `confine SPEC` becomes `show` by way of Exec.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "confine":
		fmt.Println(confineSelf(os.Args[2]))
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
	return 0
}

func TestConfined(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("confining is tested as root only, and CI must test it")
		}
		t.Skip("confining needs root")
	}
	const none = "0000000000000000"
	tests := []struct {
		name string
		spec Spec
		want map[string]string
	}{
		{"nothing given", Spec{UID: 101, GID: 102}, map[string]string{
			"Uid": "101 101 101 101", "Gid": "102 102 102 102", "Groups": "", "NoNewPrivs": "1",
			"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none, "Environment": "[]"}},
		{"capabilities, groups, limits", netd, map[string]string{
			"Uid": "100 100 100 100", "Groups": "150 151", "NoNewPrivs": "1",
			"CapInh": "0000000000003000", "CapPrm": "0000000000003000", "CapEff": "0000000000003000",
			"CapBnd": "0000000000003000", "CapAmb": "0000000000003000",
			"Max open files": "64 64 files", "Max core file size": "0 0 bytes"}},
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
