// Package e2e tests the booted card with Debian's own clients.
package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nutclient"
	"github.com/upscard/upscard/tools/card"
	"github.com/upscard/upscard/tools/debs"
	"github.com/upscard/upscard/tools/virtups/sim"
)

const cardImage = "../../images/out/upscard-rpi.img"

// patience bounds every wait for something that has no limit of its own: a slow machine is no failure.
const patience = 60 * time.Second

// within is a context that ends after d.
func within(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// need skips the test where a part of the bench is missing. In CI that is a failure.
func need(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("CI must not skip this: %v", err)
	default:
		t.Skip(err)
	}
}

// capture returns the path of a real UPS's capture, which is no part of this project.
func capture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("../../../shared/captures", name+".toml")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("captures of real UPSes are not here: %v", err)
	}
	return path
}

// machine is a booted card that a test holds.
type machine struct {
	*card.Card
	t *testing.T
}

// setup is what a test may ask of its card.
type setup struct {
	image   string     // of the SD card; "" is the one that was built
	devices []string   // description files; "" is the project's own UPS
	ports   []string   // where each is plugged in; nil: one after the other
	hubs    []string   // ports with a hub
	ups     []*sim.UPS // in the place of devices
	sim     sim.Options
	ordered bool              // what is written to a UPS is the test's business
	config  string            // upscard.toml; "" leaves the image's
	address string            // by which it is reached; "" is what DHCP gives it
	files   map[string][]byte // more files for the root file system; ELF programs can be run
	append  []string
	memory  int       // in MB, which survive a reset; 0: what a card has
	outward bool      // it reaches this machine, as 10.0.2.2
	tap     string    // an interface of this machine that is the other end of the card's eth1
	clock   time.Time // what the hardware's shows at each start; zero: the right time
}

// boot starts a card and ends it with the test. The rescue shell is there, so that a test can look inside.
func boot(t *testing.T, s setup) *machine {
	t.Helper()
	need(t, card.Available())
	if s.image == "" {
		s.image = cardImage
	}
	_, err := os.Stat(s.image)
	need(t, err)
	_, err = exec.LookPath("upsc")
	need(t, err)

	if s.devices == nil {
		s.devices = []string{""}
	}
	ups := s.ups
	if ups == nil {
		if ups, err = card.Simulate(s.devices, s.sim); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := card.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	services := []card.Service{{Name: "nut", Port: 3493, Address: s.address}, {Name: "nis", Port: 3551, Address: s.address}, {Name: "tlsshim", Port: 401, Address: s.address}} // any free ports
	var owner []byte
	if s.config != "" {
		owner = []byte(s.config)
	}
	c, err := card.Start(card.Config{
		Image: s.image, Dir: dir, UPS: ups, Services: services, Files: s.files, Config: owner, Ports: s.ports, Hubs: s.hubs,
		Append:   append([]string{"upscard.rescue"}, s.append...),
		MemoryMB: s.memory, KeepRAM: s.memory != 0, Outbound: s.outward, Tap: s.tap, Clock: s.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{c, t}
	t.Cleanup(func() {
		m.Stop(0)
		for i, u := range ups {
			if s.ordered {
				break
			}
			if writes := u.Writes(); len(writes) > 0 {
				t.Errorf("UPS %d was written to: %x", i+1, writes[0].Data)
			}
			if cuts := u.Model().Cuts; len(cuts) > 0 {
				t.Errorf("UPS %d cut its load: %+v", i+1, cuts)
			}
		}
		if t.Failed() {
			m.showConsole()
		}
	})
	return m
}

// bootReady boots a card and waits until every UPS of it answers.
func bootReady(t *testing.T, s setup) *machine {
	t.Helper()
	m := boot(t, s)
	ctx, cancel := within(t, patience)
	defer cancel()
	if err := m.AwaitUPS(ctx, "ups"); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) showConsole() {
	lines := m.Console.Lines()
	if n := len(lines) - 200; n > 0 {
		lines = lines[n:]
	}
	for _, l := range lines {
		m.t.Logf("%s %s", l.At.Format("15:04:05.000"), l.Text)
	}
}

// upsc runs Debian's upsc and returns what it printed, its complaint as an ERR line.
func (m *machine) upsc(args ...string) string {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "upsc", args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil && errors.Len() == 0 {
		m.t.Fatalf("upsc %s: %v", strings.Join(args, " "), err)
	}
	// 2.8.0 always complains that it was built without a certificate store.
	complaint := regexp.MustCompile(`(?m)^Init SSL without certificate database\n?`).ReplaceAllString(errors.String(), "")
	return strings.TrimSpace(out.String() + complaint)
}

// vars are all variables of a UPS as upsc prints them.
func (m *machine) vars(ups string) map[string]string {
	m.t.Helper()
	all := map[string]string{}
	for _, line := range strings.Split(m.upsc(ups+"@"+m.Addr("nut")), "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			all[name] = value
		} else if name, ok := strings.CutSuffix(line, ":"); ok {
			all[name] = ""
		}
	}
	return all
}

// awaitAnswer asks upsc for a variable until the answer matches, and returns when it did; it fails the test after limit.
func (m *machine) awaitAnswer(ups, variable, want string, limit time.Duration) time.Time {
	m.t.Helper()
	re := regexp.MustCompile(want)
	var last string
	for start := time.Now(); time.Since(start) < limit; {
		last = m.upsc(ups+"@"+m.Addr("nut"), variable)
		if re.MatchString(last) {
			return time.Now()
		}
		select {
		case <-m.Exited():
			m.t.Fatalf("%s: the card stopped: %v", variable, m.Status())
		case <-time.After(10 * time.Millisecond):
		}
	}
	m.t.Fatalf("%s of %s was %q for %v, want %q", variable, ups, last, limit, want)
	panic("not reached")
}

// debian returns a directory with programs of Debian's packages, which are unpacked below images/out/NAME, not installed.
func debian(t *testing.T, name string, packages []string, programs ...string) (dir string) {
	t.Helper()
	need(t, debs.Available())
	root, err := debs.Unpack(t.Context(), filepath.Join("../../images/out", name), "", packages...)
	need(t, err)
	dir = t.TempDir()
	if err := debs.Scripts(root, dir, programs...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// logins counts the clients that watch the UPS by NUT's protocol, -1 if the card cannot be asked.
func (m *machine) logins() int {
	ctx, cancel := within(m.t, patience)
	defer cancel()
	c, err := nutclient.Dial(ctx, "tcp", m.Addr("nut"))
	if err != nil {
		return -1
	}
	defer c.Close()
	n, err := c.Logins(ctx, "ups")
	if err != nil {
		return -1
	}
	return n
}

// until waits for what a test can only look for.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	for start := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > patience {
			m.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// shell runs a command in the card's rescue shell.
func (m *machine) shell(command string) string {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	out, err := m.Console.Shell(ctx, command)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// do gives a simulated UPS a person's command.
func (m *machine) do(u *sim.UPS, command string) []string {
	m.t.Helper()
	answer, err := u.Do(command)
	if err != nil {
		m.t.Fatalf("virtups %s: %v", command, err)
	}
	return answer
}

// forCard makes a program for the card with the go command, whose words come without -o.
func forCard(t *testing.T, words ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	last := len(words) - 1
	args := append(append([]string{words[0], "-trimpath", "-ldflags", "-s -w", "-o", path}, words[1:last]...), words[last])
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v: %s", strings.Join(words, " "), err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return program
}
