package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/layout"
)

// A card that was flashed with a name and a fixed address has both when it is booted, and is served at no other.
func TestFlashedSettings(t *testing.T) {
	const address = "10.0.2.77"
	file := flashed(t, "-hostname", "rack-9", "-address", address+"/24", "-gateway", "10.0.2.2")
	m := bootReady(t, setup{image: file, address: address})
	t.Log(m.console(0, `confd: .*from=owner .*host rack-9`))
	t.Log(m.console(0, `upscard: ready: upsd on `+regexp.QuoteMeta(address)+`:3493$`))
	t.Log(m.console(0, `upscard: host rack-9$`))
	t.Log(m.console(0, `upscard: eth0 `+regexp.QuoteMeta(address)+`/24\b`))
	if got := strings.TrimSpace(m.shell("hostname")); got != "rack-9" {
		t.Errorf("the host is called %q", got)
	}
	if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
		t.Errorf("upsc -l printed %q", got)
	}
}

// flashed writes the packed image to a file that stands for an SD card, as an owner does.
func flashed(t *testing.T, settings ...string) string {
	t.Helper()
	_, err := os.Stat(cardImage + ".zst")
	need(t, err)
	dir := t.TempDir()
	program, file := filepath.Join(dir, "flash"), filepath.Join(dir, "sd")
	build := exec.Command("go", "build", "-o", program, "../flash")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(layout.Size + 32<<20); err != nil { // a real one is larger than the image, too
		t.Fatal(err)
	}
	args := append(append([]string{"-yes", "-force"}, settings...), cardImage+".zst", file)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("flash %s: %v: %s", strings.Join(args, " "), err, out)
	}
	t.Log(strings.TrimSpace(string(out[strings.LastIndexAny(strings.TrimSpace(string(out)), "\r\n")+1:])))
	return file
}
