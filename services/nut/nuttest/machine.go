package nuttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// nobody is whom NUT's upsmon runs as where the test is root: neither it nor its parent may be.
const nobody = 65534

// Machine is a machine that hangs on a UPS: the files of an upsmon whose commands leave evidence, and do nothing else.
type Machine struct {
	Dir  string
	Addr string // of the server that it asks

	t testing.TB
}

// NewMachine makes the files of an upsmon that watches ups at addr as the given user, whose password is "secret". more is appended to its
// upsmon.conf.
func NewMachine(t testing.TB, addr, user, role, more string) *Machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "upsmon")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &Machine{Dir: dir, Addr: addr, t: t}
	m.write("notify", "#!/bin/sh\necho $NOTIFYTYPE $UPSNAME >> "+dir+"/told\n", 0o755)
	m.write("halt", "#!/bin/sh\necho SHUTDOWNCMD >> "+dir+"/down\n", 0o755)
	conf := fmt.Sprintf("MONITOR ups@%s 1 %s secret %s\nMINSUPPLIES 1\nSHUTDOWNCMD %s/halt\nNOTIFYCMD %s/notify\nPOWERDOWNFLAG %s/killpower\n"+
		"POLLFREQ 1\nPOLLFREQALERT 1\nHOSTSYNC 3\nFINALDELAY 1\nDEADTIME 3\n", addr, user, role, dir, dir, dir)
	for _, kind := range strings.Fields("ONLINE ONBATT LOWBATT FSD COMMOK COMMBAD SHUTDOWN REPLBATT NOCOMM NOPARENT") {
		conf += "NOTIFYFLAG " + kind + " EXEC\n"
	}
	m.write("upsmon.conf", conf+more, 0o644)
	return m
}

func (m *Machine) write(name, text string, mode os.FileMode) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
}

// Start starts NUT's upsmon, which has no privileges and no program but its own two scripts.
func (m *Machine) Start() *os.Process {
	m.t.Helper()
	cmd := exec.Command(Program(m.t, "upsmon"), "-F", "-p")
	cmd.Env = []string{"NUT_CONFPATH=" + m.Dir, "NUT_ALTPIDPATH=" + m.Dir, "NUT_STATEPATH=" + m.Dir, "PATH=" + m.Dir}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(m.Dir, nobody, nobody); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := os.Chmod(m.Dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	log := new(output)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if m.t.Failed() {
			m.t.Logf("NUT's upsmon:\n%s", log.text())
		}
	})
	return cmd.Process
}

// Told is what the notices said, in their order: a kind and a UPS each, the server's address being HOST.
func (m *Machine) Told() []string {
	data, _ := os.ReadFile(filepath.Join(m.Dir, "told"))
	return strings.FieldsFunc(strings.ReplaceAll(string(data), m.Addr, "HOST"), func(r rune) bool { return r == '\n' })
}

// Down is when SHUTDOWNCMD ran; zero: it has not.
func (m *Machine) Down() time.Time {
	info, err := os.Stat(filepath.Join(m.Dir, "down"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// output is what a program printed.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
