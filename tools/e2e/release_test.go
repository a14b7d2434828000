package e2e

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"
)

const releaseImage = "../../images/out/upscard-rpi-release.img"

// A release gives nobody who can write a word on its SD card a root shell: it ignores the words for development, says so, and serves.
func TestReleaseIgnoresTestSwitches(t *testing.T) {
	_, err := os.Stat(releaseImage)
	need(t, err)
	m := bootReady(t, setup{image: releaseImage, append: []string{"upscard.hostname=x", "upscard.watchdog=off"}}) // and upscard.rescue
	m.console(0, `init: started, release`)
	t.Log(m.console(0, `init: .*a release ignores .*words="upscard\.rescue upscard\.hostname=x upscard\.watchdog=off"`))
	if line := m.console(0, `upscard: host `); !regexp.MustCompile(`host upscard$`).MatchString(line) {
		t.Errorf("the host name is not the one configured: %s", line)
	}
	fmt.Fprintln(m.Console, "echo shell-$?-")
	asked := time.Now()
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	if !m.Stop(patience) {
		t.Fatalf("the card did not power off by itself: %v", m.Status())
	}
	shell := regexp.MustCompile(`rescue shell|shell-0-`)
	for _, l := range m.Console.Lines() {
		if shell.MatchString(l.Text) {
			t.Errorf("there is a shell: %s", l.Text)
		}
	}
	t.Logf("no shell in %v", time.Since(asked).Round(time.Millisecond))
}
