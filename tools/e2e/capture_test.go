package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// TestCapturesOnTheBus plugs every captured UPS into one card, each as it was captured: upsc, upscmd and upsrw show of it what NUT 2.8.5 shows of the same
// device, but for what is meant to differ.
func TestCapturesOnTheBus(t *testing.T) {
	var files []string
	captures := hidtest.Captures(t)
	for _, c := range captures {
		files = append(files, capture(t, c.Name))
	}
	m := bootReady(t, setup{devices: files, sim: sim.Options{Still: true}})
	for i, c := range captures {
		t.Run(c.Name, func(t *testing.T) {
			ups := "ups"
			if i > 0 {
				ups = fmt.Sprintf("ups%d", i+1)
			}
			m.awaitAnswer(ups, "device.type", `^ups$`, patience)
			reasons := hidtest.UnlikeNUT()[c.Name]
			want, got := reference(t, c.Name), m.vars(ups)
			for name, value := range want {
				switch g, ok := got[name]; {
				case reasons[name] != "":
				case !ok:
					t.Errorf("no %s, NUT says %q", name, value)
				case g != value && value != anyString && !ofCapture.MatchString(name):
					t.Errorf("%s is %q, NUT says %q", name, g, value)
				}
			}
			m.sameOffers(t, "command", offered(m.client("upscmd", "-l", ups+"@"+m.Addr("nut"))), referenceOffers(t, c.Name, commandLine), reasons)
			m.sameOffers(t, "writable variable", names(m.client("upsrw", "-l", ups+"@"+m.Addr("nut")), writableLine),
				referenceOffers(t, c.Name, writableLine), reasons)
		})
	}
}

// anyString is what the device of the reference run answered to every request for a string that its capture does not hold.
const anyString = "PbAc"

// ofCapture are variables from strings that the captures do not hold, where the reference device had another text.
var ofCapture = regexp.MustCompile(`^(ups|device)\.serial$|^battery\.(type|mfr\.date)$|^ups\.firmware$`)

// Lines of upscmd -l and upsrw that name what is offered.
var (
	commandLine  = regexp.MustCompile(`^([a-z0-9.-]+\.[a-z0-9.-]+) - `)
	writableLine = regexp.MustCompile(`^\[([a-z0-9.-]+)\]`)
)

// client runs one of Debian's clients and returns what it printed.
func (m *machine) client(name string, args ...string) string {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		m.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// offered are the commands in what upscmd printed, but for one that NUT does not have.
func offered(text string) []string {
	return slices.DeleteFunc(names(text, commandLine), func(name string) bool { return name == "experimental.beeper.identify" })
}

// names are what the first group of the pattern finds in each line, NUT's own left out.
func names(text string, pattern *regexp.Regexp) (all []string) {
	for line := range strings.Lines(text) {
		if found := pattern.FindStringSubmatch(line); found != nil && !strings.HasPrefix(found[1], "driver.") && !strings.HasPrefix(found[1], "server.") {
			all = append(all, found[1])
		}
	}
	return all
}

// sameOffers compares two lists of names.
func (m *machine) sameOffers(t *testing.T, what string, got, want []string, reasons map[string]string) {
	t.Helper()
	for _, name := range want {
		if !slices.Contains(got, name) && reasons[name] == "" {
			t.Errorf("no %s %s", what, name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) && reasons[name] == "" {
			t.Errorf("%s %s, which NUT does not offer", what, name)
		}
	}
}

// referenceOffers is what NUT offers for a capture.
func referenceOffers(t *testing.T, name string, pattern *regexp.Regexp) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../shared/reference", name+".cmd.txt"))
	if err != nil {
		t.Skipf("what NUT says of the captures is not here: %v", err)
	}
	return names(string(text), pattern)
}

// reference is what NUT says of a capture, its own variables aside.
func reference(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../shared/reference", name+".txt"))
	if err != nil {
		t.Skipf("what NUT says of the captures is not here: %v", err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		variable, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if ok && !strings.HasPrefix(variable, "driver.") && !strings.HasPrefix(variable, "device.usb.") {
			all[variable] = strings.TrimSpace(value)
		}
	}
	return all
}
