package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/nutclient"
)

// nobody is whom NUT's upsmon runs as where the test is root: neither it nor its parent may be.
const nobody = 65534

const users = "[mon]\npassword = secret\nupsmon primary\n[other]\npassword = secret\nupsmon secondary\n"

// side is one upsmon with NUT's driver and server to itself.
type side struct {
	t      *testing.T
	dir    string
	dev    string
	addr   string
	driver *os.Process
	down   time.Time
}

// newSide makes an upsmon's files, and starts what it watches.
func newSide(t *testing.T, role, more string) *side {
	bench := nuttest.New(t)
	driver := bench.DummyUPS("ups", "ups.status: OL\n")
	s := newMachine(t, bench.Upsd(users), map[string]string{"primary": "mon", "secondary": "other"}[role], role, more)
	s.driver, s.dev = driver, filepath.Join(bench.Dir, "ups.dev")
	return s
}

// newMachine makes the files of an upsmon. Its commands leave evidence, and do nothing else.
func newMachine(t *testing.T, addr, user, role, more string) *side {
	dir, err := os.MkdirTemp("", "upsmon")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &side{t: t, addr: addr, dir: dir}
	s.write("notify", "#!/bin/sh\necho $NOTIFYTYPE $UPSNAME >> "+dir+"/told\n", 0o755)
	s.write("halt", "#!/bin/sh\necho SHUTDOWNCMD >> "+dir+"/down\n", 0o755)
	conf := fmt.Sprintf("MONITOR ups@%s 1 %s secret %s\nMINSUPPLIES 1\nSHUTDOWNCMD %s/halt\nNOTIFYCMD %s/notify\nPOWERDOWNFLAG %s/killpower\n"+
		"POLLFREQ 1\nPOLLFREQALERT 1\nHOSTSYNC 3\nFINALDELAY 1\nDEADTIME 3\n%s", addr, user, role, dir, dir, dir, more)
	for _, kind := range strings.Fields("ONLINE ONBATT LOWBATT FSD COMMOK COMMBAD SHUTDOWN REPLBATT NOCOMM NOPARENT") {
		conf += "NOTIFYFLAG " + kind + " EXEC\n"
	}
	s.write("upsmon.conf", conf, 0o644)
	return s
}

func (s *side) write(name, text string, mode os.FileMode) {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

// status makes the UPS say something else.
func (s *side) status(status string) {
	next := s.dev + ".next"
	if err := os.WriteFile(next, []byte("ups.status: "+status+"\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(next, s.dev); err != nil {
		s.t.Fatal(err)
	}
}

// reference starts NUT's upsmon, which has no privileges and no program but its own two scripts.
func (s *side) reference() {
	program := nuttest.Program(s.t, "upsmon")
	cmd := exec.Command(program, "-F", "-p")
	cmd.Env = []string{"NUT_CONFPATH=" + s.dir, "NUT_ALTPIDPATH=" + s.dir, "NUT_STATEPATH=" + s.dir, "PATH=" + s.dir}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(s.dir, nobody, nobody); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	log := new(logBuffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("NUT's upsmon:\n%s", log.buf.String())
		}
	})
}

// ours starts our upsmon.
func (s *side) ours() {
	ctx, cancel := context.WithCancel(context.Background())
	log, done := new(logBuffer), make(chan int, 1)
	go func() { done <- run(ctx, []string{"-conf", filepath.Join(s.dir, "upsmon.conf")}, log, untightened) }()
	s.t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 || s.t.Failed() {
			s.t.Logf("our upsmon, exit code %d:\n%s", code, log.buf.String())
		}
	})
}

// told is what the notices said, in their order.
func (s *side) told() []string {
	data, _ := os.ReadFile(filepath.Join(s.dir, "told"))
	return strings.FieldsFunc(strings.ReplaceAll(string(data), s.addr, "HOST"), func(r rune) bool { return r == '\n' })
}

// kinds are the first words of notices.
func kinds(told []string) (all []string) {
	for _, line := range told {
		all = append(all, strings.Fields(line)[0])
	}
	return all
}

// loggedIn reports whether the upsmon has logged in to its server.
func (s *side) loggedIn() bool {
	c, err := nutclient.Dial(s.t.Context(), "tcp", s.addr)
	if err != nil {
		return false
	}
	defer c.Close()
	n, err := c.Logins(s.t.Context(), "ups")
	return err == nil && n > 0
}

// alike leaves out what depends on the version: a primary tells of the FSD that it sets itself since NUT 2.8.5, and Debian's are older.
func alike(told []string, role string) []string {
	return slices.DeleteFunc(told, func(line string) bool { return role == "primary" && strings.HasPrefix(line, "FSD") })
}

// isDown reports whether SHUTDOWNCMD has run, and notes when.
func (s *side) isDown() bool {
	info, err := os.Stat(filepath.Join(s.dir, "down"))
	if err == nil {
		s.down = info.ModTime()
	}
	return err == nil
}

// login is another machine that is logged in, and hangs.
func (s *side) login() *nutclient.Client {
	c, err := nutclient.Dial(s.t.Context(), "tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	for _, err := range []error{c.Authenticate(s.t.Context(), "mon", "secret"), c.Login(s.t.Context(), "ups"), c.Primary(s.t.Context(), "ups")} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return c
}

// TestLikeNUT lets NUT's upsmon and ours live through the same, and compares what they tell and when they shut down.
func TestLikeNUT(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the outages")
	}
	type event struct {
		do    func(*side)
		shows string // the notice to wait for, "" for none
	}
	say := func(status, shows string) event { return event{func(s *side) { s.status(status) }, shows} }
	tests := []struct {
		name, role, more string
		events           []event
		want             []string
	}{
		{"primary", "primary", "", []event{say("OB", "ONBATT"), say("OL CHRG", "ONLINE"), say("OL RB", "REPLBATT"), say("OB LB", "SHUTDOWN")},
			[]string{"ONBATT", "ONLINE", "REPLBATT", "ONBATT", "LOWBATT", "FSD", "SHUTDOWN"}},
		{"dead on battery", "primary", "", []event{say("OB", "ONBATT"), {func(s *side) { _ = s.driver.Kill() }, "SHUTDOWN"}},
			[]string{"ONBATT", "COMMBAD", "FSD", "SHUTDOWN"}},
		{"another hangs", "primary", "", []event{{func(s *side) { s.login() }, ""}, say("OB LB", "SHUTDOWN")},
			[]string{"ONBATT", "LOWBATT", "FSD", "SHUTDOWN"}},
		{"secondary", "secondary", "", []event{say("OB", "ONBATT"), {func(s *side) {
			if err := s.login().FSD(s.t.Context(), "ups"); err != nil {
				s.t.Error(err)
			}
		}, "SHUTDOWN"}}, []string{"ONBATT", "FSD", "SHUTDOWN"}},
		{"secondary without a primary", "secondary", "", []event{say("OB LB", "SHUTDOWN")}, []string{"ONBATT", "LOWBATT", "SHUTDOWN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := newSide(t, tt.role, tt.more), newSide(t, tt.role, tt.more)
			theirs.reference()
			ours.ours()
			both := map[string]*side{"their": theirs, "our": ours}
			for whose, s := range both {
				until(t, whose+" login", s.loggedIn)
			}
			for _, e := range tt.events {
				for _, s := range both {
					e.do(s)
				}
				for whose, s := range both {
					until(t, whose+" "+e.shows, func() bool { return e.shows == "" || slices.Contains(kinds(s.told()), e.shows) })
				}
			}
			until(t, "their SHUTDOWNCMD", theirs.isDown)
			until(t, "our SHUTDOWNCMD", ours.isDown)
			t.Logf("we shut down %v after NUT", ours.down.Sub(theirs.down))
			want := alike(slices.Clone(tt.want), tt.role)
			// NUT starts its commands all at once, so that they may write in any order and after SHUTDOWNCMD.
			until(t, "their last notice", func() bool { return len(alike(theirs.told(), tt.role)) >= len(want) })
			got, nuts := kinds(ours.told()), kinds(alike(theirs.told(), tt.role))
			slices.Sort(nuts)
			if slices.Sort(want); !slices.Equal(got, tt.want) || !slices.Equal(nuts, want) {
				t.Errorf("we told %q, NUT %q, want %q", ours.told(), theirs.told(), tt.want)
			}
			if !hasFlag(filepath.Join(ours.dir, "killpower")) {
				t.Error("there is no POWERDOWNFLAG")
			}
		})
	}
}
