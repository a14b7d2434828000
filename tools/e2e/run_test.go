package e2e

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/card"
)

// What `make run` starts: it says where everything is, takes other ports where the wanted ones are taken, and leaves nothing behind.
func TestRun(t *testing.T) {
	need(t, card.Available())
	program, err := filepath.Abs("../../images/out/bin/run")
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(program)
	need(t, err)
	// Whether this test gets the port or someone else has it: it is taken.
	if l, err := net.Listen("tcp", "127.0.0.1:3493"); err == nil {
		defer l.Close()
	}

	tmp, err := os.MkdirTemp("/tmp", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command(program)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }) // it ends QEMU; no such process if all went well
	timeout := time.AfterFunc(patience, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timeout.Stop()

	addr, text := "", ""
	service := regexp.MustCompile(`^nut (127\.0\.0\.1:\d+)$`)
	lines := bufio.NewScanner(stdout)
	for addr == "" && lines.Scan() {
		text += lines.Text() + "\n"
		if m := service.FindStringSubmatch(lines.Text()); m != nil {
			addr = m[1]
		}
	}
	if addr == "" || addr == "127.0.0.1:3493" || !strings.Contains(text, "port 3493 of this host is taken") {
		t.Errorf("a taken port was not replaced and said:\n%s", text)
	}
	m := &machine{t: t}
	if got := m.upsc("ups@"+addr, "ups.status"); !strings.HasPrefix(got, "OL") {
		t.Errorf("upsc says %q", got)
	}
	control(t, cmd.Env, text, "mains", "off")
	for start := time.Now(); !strings.HasPrefix(m.upsc("ups@"+addr, "ups.status"), "OB"); {
		if time.Since(start) > patience {
			t.Fatal("virtups mains off did not reach upsc")
		}
	}

	children := exec.Command("pgrep", "-P", strconv.Itoa(cmd.Process.Pid))
	qemu, _ := children.Output()
	cmd.Process.Signal(os.Interrupt)
	for lines.Scan() {
		text += lines.Text() + "\n"
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, text)
	}
	for _, pid := range strings.Fields(string(qemu)) {
		if _, err := os.Stat("/proc/" + pid); err == nil {
			t.Errorf("process %s is left", pid)
		}
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// control gives the command that `make run` printed, with other words.
func control(t *testing.T, env []string, text string, words ...string) {
	t.Helper()
	line := regexp.MustCompile(`pull the mains +(\S*virtups.*) mains off`).FindStringSubmatch(text)
	if line == nil {
		t.Fatalf("no virtups command in\n%s", text)
	}
	args := append(strings.Fields(line[1]), words...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = "../..", env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}
