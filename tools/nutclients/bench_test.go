// Package nutclients lets clients of others ask NUT's upsd and ours, and compares what they say.
package nutclients

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// bench is NUT's upsd and ours, which follow the same drivers.
type bench struct {
	servers [2]string             // addresses: NUT's, ours
	stores  map[string]*ups.Store // of the drivers that are ours
	first   map[string]string     // LIST VAR of their UPSes as it was at first, without ups.status, where FSD may come to stand

	mu   sync.Mutex
	seen map[string]int // reasons why answers differed
}

// The UPSes, by name. QNAP's is driven by NUT's dummy-ups, that of Synology and those of no other name by our own end of a driver's socket;
// "stale" cannot be read, and "never" has no driver.
const (
	synology = "ups"
	qnap     = "qnapups"
	forced   = "forced"
	stale    = "stale"
	never    = "never"
)

// configuration is for ours, users are the same in the words of upsd.users.
const (
	configuration = `
[users.op]
password = "op-secret"
actions = "SET"
instcmds = "ALL"
[users.card]
password = "card-secret"
upsmon = "primary"
actions = ["SET", "FSD"]
instcmds = ["beeper.mute"]
`
	users = `
[monuser]
	password = secret
	upsmon secondary
[admin]
	password = 123456
	upsmon secondary
[op]
	password = op-secret
	actions = SET
	instcmds = ALL
[card]
	password = card-secret
	upsmon primary
	actions = SET
	actions = FSD
	instcmds = beeper.mute
`
)

// newBench starts both servers for these UPSes. The descriptions of variables and commands are ours in both.
func newBench(t *testing.T, names ...string) *bench {
	t.Helper()
	snaps := make(map[string]*ups.Snapshot)
	for _, name := range names {
		switch name {
		case stale:
			snaps[name] = newUPS().With(ups.Stale)
		case qnap, never:
		default:
			snaps[name] = newUPS()
		}
	}
	return newBenchOf(t, map[string]string{qnap: dummy}, snaps, names...)
}

// newBenchOf starts both servers for UPSes of NUT's dummy-ups, ours, and such as have no driver.
func newBenchOf(t *testing.T, dummies map[string]string, snaps map[string]*ups.Snapshot, names ...string) *bench {
	t.Helper()
	nuttest.Program(t, "upsd")
	reference := nuttest.New(t)
	config := configuration
	if slices.Contains(names, qnap) { // else it would be another name of the first
		config = "profiles = [\"synology\", \"qnap\"]\n" + config
	}
	b := &bench{stores: make(map[string]*ups.Store), first: make(map[string]string), seen: make(map[string]int)}
	for _, name := range names {
		desc := "The one called " + name
		config += fmt.Sprintf("[ups.%s]\ndesc = %q\n", name, desc)
		if dev, ok := dummies[name]; ok {
			reference.DummyUPS(name, dev, fmt.Sprintf("desc = %q", desc))
			continue
		}
		if snap, ok := snaps[name]; ok {
			b.stores[name] = drive(t, reference, name, snap)
		}
		reference.Configure(name, "usbhid-ups", "port = auto", fmt.Sprintf("desc = %q", desc))
	}
	b.servers[1] = startOurs(t, reference.Dir, config)
	b.ready(t, names)
	b.describe(t, reference, names)
	b.servers[0] = reference.Upsd(users)
	for _, name := range names {
		for _, list := range []string{"LIST VAR ", "LIST CMD "} {
			ours := ask(t, b.servers[1], list+name)
			until(t, b.servers[0], list+name, func(answer string) bool { return answer == ours })
		}
		b.first[name] = withoutStatus(ask(t, b.servers[1], "LIST VAR "+name))
	}
	return b
}

// startOurs builds our upsd and runs it until the test ends.
func startOurs(t *testing.T, dir, config string) (addr string) {
	t.Helper()
	program, file := filepath.Join(t.TempDir(), "upsd"), filepath.Join(dir, "upscard.toml")
	build := exec.Command("go", "build", "-o", program, "../../cmd/upsd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-config", file, "-run", dir, "-listen", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logged := make(chan struct{})
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-logged
		cmd.Wait()
		if t.Failed() {
			t.Logf("our upsd:\n%s", &log)
		}
	})
	in, listening := bufio.NewReader(stderr), regexp.MustCompile(`msg=listening addr=(\S+)`)
	for addr == "" {
		line, err := in.ReadString('\n')
		log.WriteString(line)
		if m := listening.FindStringSubmatch(line); m != nil {
			addr = m[1]
		}
		if err != nil {
			break
		}
	}
	go func() { io.Copy(&log, in); close(logged) }()
	if addr == "" {
		t.Fatal("our upsd does not listen")
	}
	return addr
}

// drive is a driver of ours for the named UPS, until the test ends. It tells what the store holds.
func drive(t *testing.T, reference *nuttest.Bench, name string, snap *ups.Snapshot) *ups.Store {
	t.Helper()
	ln, err := driversock.Listen(driversock.Path(reference.Dir, "usbhid-ups", name))
	if err != nil {
		t.Fatal(err)
	}
	store := ups.NewStore()
	store.Set(snap)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- driversock.Serve(ctx, ln, store, obedient{store}, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return store
}

// obedient takes what is set, and does what it offers unless the parameter asks it to fail. As NUT's drivers it minds no case.
type obedient struct{ store *ups.Store }

func (o obedient) SetVar(_ context.Context, name, value string) ups.Result {
	o.store.Set(o.store.Get().WithValues(map[string]string{name: value}))
	return ups.Handled
}

func (o obedient) InstCmd(_ context.Context, name, param string) ups.Result {
	switch {
	case !o.store.Get().HasCommand(strings.ToLower(name)):
		return ups.Unknown
	case param == "invalid":
		return ups.Invalid
	case param == "failed":
		return ups.Failed
	}
	return ups.Handled
}

// ready waits until our upsd has read all that the drivers told.
func (b *bench) ready(t *testing.T, names []string) {
	t.Helper()
	for _, name := range names {
		want := "END LIST VAR " + name
		switch name {
		case stale:
			want = "ERR DATA-STALE"
		case never:
			want = "ERR DRIVER-NOT-CONNECTED"
		}
		until(t, b.servers[1], "LIST VAR "+name, func(reply string) bool { return strings.Contains(reply, want) })
	}
}

// reset gives the UPSes that our drivers have their first values, in both servers.
func (b *bench) reset(t *testing.T) {
	t.Helper()
	for name, store := range b.stores {
		for _, server := range b.servers {
			settle(t, server, name)
		}
		store.Set(newUPS())
		for _, server := range b.servers {
			until(t, server, "LIST VAR "+name, func(answer string) bool { return withoutStatus(answer) == b.first[name] })
		}
	}
}

// withoutStatus leaves ups.status out of a list.
func withoutStatus(list string) string {
	return regexp.MustCompile(`(?m)^VAR \S+ ups.status .*\n`).ReplaceAllString(list, "")
}

// describe gives NUT's upsd our own words for all variables and commands, so that what clients make of them can be compared.
func (b *bench) describe(t *testing.T, reference *nuttest.Bench, names []string) {
	t.Helper()
	var table []string
	for _, name := range names {
		for line := range strings.Lines(ask(t, b.servers[1], "LIST VAR "+name) + ask(t, b.servers[1], "LIST CMD "+name)) {
			switch words := strings.Fields(line); words[0] {
			case "VAR":
				table = append(table, fmt.Sprintf("VARDESC %s %q\n", words[2], nut.DescribeVar(words[2])))
			case "CMD":
				table = append(table, fmt.Sprintf("CMDDESC %s %q\n", words[2], nut.DescribeCommand(words[2])))
			}
		}
	}
	slices.Sort(table)
	if err := os.WriteFile(filepath.Join(reference.Dir, "cmdvartab"), []byte(strings.Join(slices.Compact(table), "")), 0o600); err != nil {
		t.Fatal(err)
	}
	reference.Conf = "DATAPATH " + reference.Dir + "\n"
}
