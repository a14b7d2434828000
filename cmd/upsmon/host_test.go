package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/nutclient"
)

const users = "[mon]\npassword = secret\nupsmon primary\n[other]\npassword = secret\nupsmon secondary\n"

// side is one upsmon with NUT's driver and server to itself.
type side struct {
	*nuttest.Machine
	t      *testing.T
	dev    string
	driver *os.Process
}

// newSide makes an upsmon's files, and starts what it watches.
func newSide(t *testing.T, role, more string) *side {
	bench := nuttest.New(t)
	driver := bench.DummyUPS("ups", "ups.status: OL\n")
	user := map[string]string{"primary": "mon", "secondary": "other"}[role]
	return &side{nuttest.NewMachine(t, bench.Upsd(users), user, role, more), t, filepath.Join(bench.Dir, "ups.dev"), driver}
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

// ours starts our upsmon.
func (s *side) ours() {
	ctx, cancel := context.WithCancel(context.Background())
	log, done := new(logBuffer), make(chan int, 1)
	go func() { done <- run(ctx, []string{"-conf", filepath.Join(s.Dir, "upsmon.conf")}, log, untightened) }()
	s.t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 || s.t.Failed() {
			s.t.Logf("our upsmon, exit code %d:\n%s", code, log.buf.String())
		}
	})
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
	c, err := nutclient.Dial(s.t.Context(), "tcp", s.Addr)
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

func (s *side) isDown() bool { return !s.Down().IsZero() }

// login is another machine that is logged in, and hangs.
func (s *side) login() *nutclient.Client {
	c, err := nutclient.Dial(s.t.Context(), "tcp", s.Addr)
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

// TestLikeNUT lets NUT's upsmon and ours live through the same, and compares what they tell and when they shut down. Each begins with something that both
// notice: whatever POLLFREQ says, NUT's upsmon first sleeps for 5 s.
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
		{"another hangs", "primary", "", []event{{func(s *side) { s.login() }, ""}, say("OB", "ONBATT"), say("OB LB", "SHUTDOWN")},
			[]string{"ONBATT", "LOWBATT", "FSD", "SHUTDOWN"}},
		{"secondary", "secondary", "", []event{say("OB", "ONBATT"), {func(s *side) {
			if err := s.login().FSD(s.t.Context(), "ups"); err != nil {
				s.t.Error(err)
			}
		}, "SHUTDOWN"}}, []string{"ONBATT", "FSD", "SHUTDOWN"}},
		{"secondary without a primary", "secondary", "", []event{say("OB", "ONBATT"), say("OB LB", "SHUTDOWN")}, []string{"ONBATT", "LOWBATT", "SHUTDOWN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := newSide(t, tt.role, tt.more), newSide(t, tt.role, tt.more)
			theirs.Start()
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
					until(t, whose+" "+e.shows, func() bool { return e.shows == "" || slices.Contains(kinds(s.Told()), e.shows) })
				}
			}
			until(t, "their SHUTDOWNCMD", theirs.isDown)
			until(t, "our SHUTDOWNCMD", ours.isDown)
			t.Logf("%s: we shut down %v after NUT", tt.name, ours.Down().Sub(theirs.Down()))
			want := alike(slices.Clone(tt.want), tt.role)
			// NUT starts its commands all at once, so that they may write in any order and after SHUTDOWNCMD.
			until(t, "their last notice", func() bool { return len(alike(theirs.Told(), tt.role)) >= len(want) })
			got, nuts := kinds(ours.Told()), kinds(alike(theirs.Told(), tt.role))
			slices.Sort(nuts)
			if slices.Sort(want); !slices.Equal(got, tt.want) || !slices.Equal(nuts, want) {
				t.Errorf("we told %q, NUT %q, want %q", ours.Told(), theirs.Told(), tt.want)
			}
			if !hasFlag(filepath.Join(ours.Dir, "killpower")) {
				t.Error("there is no POWERDOWNFLAG")
			}
		})
	}
}
