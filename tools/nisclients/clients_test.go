package nisclients

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/ups"
)

const anyPort = "[nis]\nlisten = [\"127.0.0.1:0\"]\n"

// apcaccess of Debian's apcupsd: the whole list, without units, one key; what it prints is what was sent.
func TestApcaccess(t *testing.T) {
	r := newRoot(t, "apcupsd", "apcupsd")
	b := newBench(t)
	b.feed("ups")
	b.feed("ups2")
	addrs := b.nisd(anyPort+"ups = [\"ups\", \"ups2\"]\n", 2)
	ask := func(args ...string) string {
		t.Helper()
		return r.run(t, "/sbin/apcaccess", append([]string{"-h", addrs[0]}, args...)...)
	}
	all := ask()
	t.Logf("apcaccess\n%s", all)
	for _, want := range []string{"APC      : 001,0", "MODEL    : Back-UPS RS 1000G\n", "STATUS   : ONLINE \n", "LINEV    : 230.0 Volts\n", "TIMELEFT : 44.8 Minutes\n",
		"STATFLAG : 0x05000008\n", "END APC  : "} {
		if !strings.Contains(all, want) {
			t.Errorf("apcaccess does not say %q", want)
		}
	}
	if bare := ask("-u"); !strings.Contains(bare, "LINEV    : 230.0\n") || !strings.Contains(bare, "TIMELEFT : 44.8\n") || strings.Contains(bare, " Percent") {
		t.Errorf("apcaccess -u\n%s", bare)
	}
	for key, want := range map[string]string{"BCHARGE": "100.0 Percent\n", "STATUS": "ONLINE \n", "UPSNAME": "ups\n"} {
		if got := ask("-p", key); got != want {
			t.Errorf("apcaccess -p %s: %q", key, got)
		}
	}
	if got := ask("-u", "-p", "BCHARGE"); got != "100.0\n" {
		t.Errorf("apcaccess -u -p BCHARGE: %q", got)
	}
	if got := r.run(t, "/sbin/apcaccess", "-h", addrs[1], "-p", "UPSNAME"); got != "ups2\n" {
		t.Errorf("the second port is of %q", got)
	}
	b.show("ups", ups.Stale, nil)
	await(t, "what it keeps, under its own filter of system calls", func() bool {
		kept, err := os.ReadFile(filepath.Join(b.dir, "state", "history"))
		return err == nil && strings.Contains(string(kept), "startup succeeded")
	})
	await(t, "COMMLOST", func() bool { return ask("-p", "STATUS") == "COMMLOST \n" })
}

// slaveConf is that of an apcupsd that hangs on our nisd. Nothing in it is a path of this machine: it runs in the tree.
const slaveConf = `## apcupsd.conf v1.1 ##
UPSNAME slave
UPSCABLE ether
UPSTYPE net
DEVICE MASTER
POLLTIME 1
LOCKFILE TMP
SCRIPTDIR TMP
PWRFAILDIR TMP
NOLOGINDIR TMP
ONBATTERYDELAY 1
BATTERYLEVEL -1
MINUTES -1
TIMEOUT 0
ANNOY 300
ANNOYDELAY 60
NOLOGON disable
KILLDELAY 0
EVENTSFILE TMP/events
EVENTSFILEMAX 100
UPSCLASS standalone
UPSMODE disable
STATTIME 0
LOGSTATS off
`

// slave starts an apcupsd that can halt nothing: its script only leaves evidence, the tree has nothing else that could be run, and in process
// ids of its own even reboot(2) would end no more than itself.
func slave(t *testing.T, r *root, master string, lines ...string) *output {
	t.Helper()
	evidence := program(t, "./testdata/apccontrol")
	text, err := os.ReadFile(evidence)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{r.tmp + "/apccontrol", "/etc/apcupsd/apccontrol"} { // the second one is nobody's
		path = filepath.Join(r.path, path)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%s is not ours", path)
		}
	}
	for _, dir := range []string{"bin", "sbin", "usr/bin", "usr/sbin", "lib/systemd"} {
		for _, name := range []string{"sh", "bash", "dash", "busybox", "shutdown", "halt", "poweroff", "reboot", "init", "telinit", "systemctl", "wall"} {
			if _, err := os.Lstat(filepath.Join(r.path, dir, name)); err == nil {
				t.Fatalf("the tree has %s/%s: no apcupsd is started in it", dir, name)
			}
		}
	}
	conf := r.write(t, "apcupsd.conf", strings.ReplaceAll(slaveConf, "MASTER", master)+strings.Join(lines, "\n")+"\n")
	return start(t, r.command(t, "/sbin/apcupsd", "-b", "-f", conf))
}

// A real apcupsd as slave sees the outage, and shuts down when the battery is low. A self-test before it does not make it one: a slave would
// wait for the end of a test.
func TestSlaveShutsDownOnLowBattery(t *testing.T) {
	r := newRoot(t, "apcupsd", "apcupsd")
	b := newBench(t)
	b.feed("ups")
	slave(t, r, b.nisd(anyPort, 1)[0])
	await(t, "the slave has begun", func() bool { return strings.Contains(r.read("events"), "startup succeeded") })
	b.status("ups", "OL TEST")
	await(t, "test", func() bool { return strings.Contains(b.ask("status"), "LASTXFER : Automatic or explicit self test") })
	b.status("ups", "OL")
	await(t, "its end", func() bool { return strings.Contains(b.ask("events"), "UPS Self Test completed: Battery OK") })
	b.status("ups", "OB DISCHRG")
	called := func(want string) func() bool {
		return func() bool { return strings.Contains("\n"+r.read("evidence"), "\n"+want+"\n") }
	}
	await(t, "power failure", called("powerout"))
	await(t, "on battery", called("onbattery"))
	b.status("ups", "OL CHRG")
	await(t, "mains are back", called("mainsback"))
	b.status("ups", "OB DISCHRG")
	await(t, "power failure", func() bool { return strings.Count(r.read("evidence"), "onbattery") == 2 })
	if called("doshutdown")() {
		t.Fatalf("it shuts down on battery already:\n%s", r.read("evidence"))
	}
	b.status("ups", "OB DISCHRG LB")
	await(t, "shutdown", called("doshutdown"))
	if called("startselftest")() {
		t.Error("it takes the outage for a test")
	}
	if !called("failing")() {
		t.Error("it does not shut down because the battery is low")
	}
	t.Logf("its script was called for %q, its events\n%s", strings.Fields(r.read("evidence")), r.read("events"))
}

// A forced shutdown takes the slave with it, on the mains or not; a UPS that cannot be read does not.
func TestSlaveShutsDownWithTheCard(t *testing.T) {
	r := newRoot(t, "apcupsd", "apcupsd")
	b := newBench(t)
	b.feed("ups")
	slave(t, r, b.nisd(anyPort, 1)[0])
	await(t, "the slave has begun", func() bool { return strings.Contains(r.read("events"), "startup succeeded") })
	b.status("ups", "OB DISCHRG")
	await(t, "on battery", func() bool { return strings.Contains(r.read("evidence"), "onbattery") })
	b.show("ups", ups.Stale, map[string]string{"ups.status": "OB DISCHRG"})
	await(t, "nisd has seen it", func() bool { return strings.Contains(b.ask("events"), "Communications with UPS lost.") })
	b.status("ups", "OL")
	await(t, "mains are back", func() bool { return strings.Contains(r.read("evidence"), "mainsback") })
	if e := r.read("evidence"); strings.Contains(e, "doshutdown") || strings.Count(e, "onbattery") != 1 {
		t.Fatalf("a UPS that is lost makes it say\n%s", e)
	}
	b.show("ups", ups.Fresh, map[string]string{"ups.status": "FSD OL", "server.fsd": "yes"})
	await(t, "shutdown", func() bool { return strings.Contains(r.read("evidence"), "doshutdown") })
	if !regexp.MustCompile(`Shutdown because NIS master is shutting down`).MatchString(r.read("events")) {
		t.Errorf("its events are\n%s", r.read("events"))
	}
	t.Logf("its script was called for %q", strings.Fields(r.read("evidence")))
}

// The slave tells of itself by its own server, in records that it makes itself: those of the UPS are ours, byte by byte and in our order.
func TestRecordsAreApcupsds(t *testing.T) {
	r := newRoot(t, "apcupsd", "apcupsd")
	b := newBench(t)
	b.feed("ups")
	b.show("ups", ups.Fresh, map[string]string{"battery.charge.restart": "15", "output.voltage.nominal": "230"})
	master := b.nisd(anyPort, 1)[0]
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String() // free a moment ago
	ln.Close()
	slave(t, r, master, "NETSERVER on", "NISIP 127.0.0.1", "NISPORT "+port(addr))
	var theirs string
	await(t, "the slave's records", func() bool {
		out, err := r.command(t, "/sbin/apcaccess", "-h", addr).Output()
		theirs = string(out)
		return err == nil && strings.Contains(theirs, "SLAVE ") && strings.Contains(theirs, "LINEV")
	})
	own := []string{"APC", "DATE", "HOSTNAME", "VERSION", "UPSNAME", "CABLE", "DRIVER", "STARTTIME", "MASTERUPD", "MASTER", "STATUS", "MBATTCHG", "MINTIMEL",
		"MAXTIME", "STATFLAG", "END APC"} // of the slave itself
	ours := r.run(t, "/sbin/apcaccess", "-h", master)
	left, compared := ours, 0
	for line := range strings.Lines(theirs) {
		name := strings.TrimSpace(line[:9])
		i := strings.Index("\n"+left, "\n"+line[:9])
		switch {
		case i < 0 && !strings.HasPrefix(name, "MASTER"):
			t.Errorf("%s is not in our records, or in another place", name)
			continue
		case i >= 0:
			left = left[i:]
		}
		if !slices.Contains(own, name) {
			compared++
			if !strings.HasPrefix(left, line) {
				t.Errorf("theirs is %q, ours %.40q", line, left)
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d records compared", compared)
	}
	t.Logf("%d records are the same:\n%s", compared, theirs)
}
