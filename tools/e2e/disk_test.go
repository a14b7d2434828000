package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
)

// The other system is booted once on trial and the old one comes back; after a commit it stays.
func TestOtherSystemOnTrial(t *testing.T) {
	m := bootReady(t, setup{image: withOtherSystemB(t)})
	a, b := layout.Of(layout.SystemA).Name, layout.Of(layout.SystemB).Name
	m.bootedFrom(0, a, false)

	mark := m.restart("tryboot")
	m.bootedFrom(mark, b, true)
	if got := m.shell("hostname"); got != "other" {
		t.Errorf("system B calls itself %q, want %q: it is another version", got, "other")
	}
	mark = m.restart("reboot")
	m.bootedFrom(mark, a, false)
	if got := m.shell("hostname"); got != "upscard" {
		t.Errorf("system A calls itself %q, want %q", got, "upscard")
	}

	mark = m.restart("tryboot")
	m.bootedFrom(mark, b, true)
	m.shell("init commit")
	for range 2 {
		mark = m.restart("reboot")
		m.bootedFrom(mark, b, false)
	}
}

// withOtherSystemB is the image with another version of the system in B: it has another host name.
func withOtherSystemB(t *testing.T) string {
	t.Helper()
	file := copyOfImage(t)
	disk, err := image.Open(file, true)
	if err != nil {
		t.Fatal(err)
	}
	b, err := disk.FAT(layout.SystemB)
	if err != nil {
		t.Fatal(err)
	}
	line, err := b.ReadFile("cmdline.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WriteFile("cmdline.txt", append([]byte("upscard.hostname=other "), line...)); err != nil {
		t.Fatal(err)
	}
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func copyOfImage(t *testing.T) string {
	t.Helper()
	_, err := os.Stat(cardImage)
	need(t, err)
	file := filepath.Join(t.TempDir(), "card.img")
	if out, err := exec.Command("cp", "--sparse=always", cardImage, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// A trial that ends in a crash is over: the old system comes back.
func TestTrialThatCrashes(t *testing.T) {
	m := bootReady(t, setup{})
	mark := m.restart("tryboot")
	m.bootedFrom(mark, layout.Of(layout.SystemB).Name, true)
	mark = m.Console.Mark()
	m.Console.Write([]byte("echo c > /proc/sysrq-trigger\n"))
	m.bootedFrom(mark, layout.Of(layout.SystemA).Name, false)
}

// restart lets the card end in order and start again. It returns a mark on the console before the new start.
func (m *machine) restart(how string) int {
	m.t.Helper()
	mark := m.Console.Mark()
	m.Console.Write([]byte("init " + how + "\n"))
	return mark
}

// bootedFrom waits until the card, started after mark, says that it runs the system, and serves.
func (m *machine) bootedFrom(mark int, system string, trial bool) {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	_, said, err := m.Console.Await(ctx, mark, regexp.MustCompile(`msg="booted from ([^"]+)" .*trial=(\w+)`))
	if err != nil {
		m.t.Fatal(err)
	}
	if want := map[bool]string{true: "true", false: "false"}[trial]; said[1] != system || said[2] != want {
		m.t.Fatalf("booted from %s, trial %s; want %s, %s", said[1], said[2], system, want)
	}
	if _, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(`upscard: ready`)); err != nil {
		m.t.Fatal(err)
	}
	if err := m.AwaitUPS(ctx, "ups"); err != nil {
		m.t.Fatal(err)
	}
}

// What the programs need of the disk is mounted, and so that nothing on it can be run.
func testMounts(m *machine) {
	t := m.t
	mounts := m.shell("cat /proc/mounts")
	for _, want := range []string{
		`(?m)^\S+ /boot vfat ro,nosuid,nodev,noexec,`,
		`(?m)^\S+ /state ext4 rw,nosuid,nodev,noexec,noatime,`,
	} {
		if !regexp.MustCompile(want).MatchString(mounts) {
			t.Errorf("no mount %s in\n%s", want, mounts)
		}
	}
	if got := m.shell("ls -l /boot/upscard.toml"); !regexp.MustCompile(`^-rw-r?-----`).MatchString(got) {
		t.Errorf("the owner's file, which may hold passwords: %s", got)
	}
}

// A state partition that never held anything is made on the first start, and kept on the next.
func TestBlankStatePartition(t *testing.T) {
	file := copyOfImage(t)
	state := layout.Of(layout.State)
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, state.Size), state.Start); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m := bootReady(t, setup{image: file})
	m.shell("echo kept > /state/mark")
	mark := m.restart("reboot")
	m.bootedFrom(mark, layout.Of(layout.SystemA).Name, false)
	if got := m.shell("cat /state/mark"); got != "kept" {
		t.Errorf("after a restart the mark reads %q", got)
	}
}

// A power cut in the middle of everything: the state partition's journal is replayed and the card serves.
func TestPowerCut(t *testing.T) {
	m := bootReady(t, setup{})
	m.shell("echo kept > /state/mark; sync")
	m.Kill()
	again := bootReady(t, setup{image: m.Disk})
	if got := again.shell("cat /state/mark"); got != "kept" {
		t.Errorf("what was in sync before the power cut reads %q", got)
	}
	if disk, err := image.Open(m.Disk, false); err != nil || disk.Close() != nil {
		t.Error(err)
	}
}

// A UPS keeps its name over a restart in which another one is missing.
func TestNamesOverRestart(t *testing.T) {
	m := bootReady(t, setup{devices: []string{"upscard-1500", "plain-600"}})
	m.awaitAnswer("ups2", "ups.model", `600`, patience)
	m.UPS[0].Unplug()
	m.awaitAnswer("ups", "ups.status", `stale`, patience)
	mark := m.restart("reboot")
	ctx, cancel := within(t, patience)
	defer cancel()
	if _, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(`upscard: ready`)); err != nil {
		t.Fatal(err)
	}
	m.awaitAnswer("ups2", "ups.model", `600`, patience)
	if got := m.upsc("ups@"+m.Addr("nut"), "ups.status"); !strings.HasPrefix(got, "Error: ") {
		t.Errorf("ups is not plugged in, and upsc says %q", got)
	}
}
