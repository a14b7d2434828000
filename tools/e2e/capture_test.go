package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Real UPSes, as their captures have them, show on the booted card what NUT 2.8.5 shows of the same devices: the same variables, and the
// same values where the simulated UPS does not move them.
func TestCapturesOnTheBus(t *testing.T) {
	names := []string{"apc-bk650m2-ch", "cyberpower-cp1300epfclcd", "cyberpower-cst135uc2"}
	var files []string
	for _, name := range names {
		files = append(files, capture(t, name))
	}
	m := bootReady(t, setup{devices: files})
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			ups := []string{"ups", "ups2", "ups3"}[i]
			m.awaitAnswer(ups, "device.type", `^ups$`, patience)
			vars := m.vars(ups)
			for variable, want := range reference(t, name) {
				if modelled.MatchString(variable) || strings.Trim(want, "0.") == "" { // zeros are reports that the capture lacks
					want = vars[variable]
				}
				if got, ok := vars[variable]; !ok || got != want {
					t.Errorf("%s is %q, NUT says %q", variable, got, want)
				}
			}
		})
	}
}

// modelled are variables whose values the simulated UPS makes from its model, or that hold texts that a capture lacks.
var modelled = regexp.MustCompile(`^(battery\.(charge|runtime|voltage|status|mfr\.date|type)|input\.voltage|output\.voltage|ups\.(load|status|serial|firmware.*|test\.result|timer\..*|beeper\.status|delay\.start)|device\.serial|input\.sensitivity)$`)

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
