package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sixteenBudget is what the whole system may take with 16 UPSes, in kB; the board has 256 MB.
const sixteenBudget = 160 << 10

// slowestStatus bounds how long a status takes from the UPS to a client, on the card as it is emulated: a round of the poll loop, and what the
// machine adds.
const slowestStatus = 3 * time.Second

// mixture describes n UPSes, captures of real ones over and over; the project's own where there are none.
func mixture(n int) (all []string) {
	kinds := []string{"", "plain-600"}
	for _, name := range []string{"cyberpower-cp1300epfclcd", "apc-bk650m2-ch", "eaton-3s-700"} {
		path := filepath.Join("../../../shared/captures", name+".toml")
		if _, err := os.Stat(path); err == nil {
			kinds = append(kinds, path)
		}
	}
	for i := range n {
		all = append(all, kinds[i%len(kinds)])
	}
	return all
}

// asker is a NUT client that asks over and over on one connection.
type asker struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (m *machine) asker() *asker {
	m.t.Helper()
	conn, err := net.Dial("tcp", m.Addr("nut"))
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { conn.Close() })
	return &asker{m.t, conn, bufio.NewReader(conn)}
}

// status is a UPS's status, or the error as the server gives it.
func (a *asker) status(ups string) string {
	a.t.Helper()
	a.conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(a.conn, "GET VAR %s ups.status\n", ups)
	line, err := a.in.ReadString('\n')
	if err != nil {
		a.t.Fatal(err)
	}
	line = strings.TrimSpace(line)
	if _, value, ok := strings.Cut(line, ` ups.status "`); ok {
		return strings.TrimSuffix(value, `"`)
	}
	return line
}

// await asks until the status begins with want, and returns how long that took.
func (a *asker) await(ups, want string, limit time.Duration) time.Duration {
	a.t.Helper()
	start, last := time.Now(), ""
	for time.Since(start) < limit {
		if last = a.status(ups); strings.HasPrefix(last, want) {
			return time.Since(start)
		}
		time.Sleep(2 * time.Millisecond)
	}
	a.t.Errorf("the status of %s was %q for %v, want %s", ups, last, limit, want)
	return limit
}

// Entries that claim too much: two the same device, one of them two devices.
const claims = `
[ups.rack]
port = "1-1.4"

[ups.left]
port = "1-1.4"

[ups.twin]
busport = 1
`

// Sixteen UPSes behind hubs have their names, by entry or in port order, and fit into the memory, and one that hangs holds up none of the others.
func TestSixteenUPSes(t *testing.T) {
	s := setup{hubs: []string{"1", "2", "2.8"}, devices: mixture(16), config: claims, ports: []string{
		"1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8.3"}}
	names := []string{"twin", "ups", "ups2", "rack"}
	for n := 3; len(names) < len(s.ports); n++ {
		names = append(names, fmt.Sprint("ups", n))
	}
	m := boot(t, s)
	ctx, cancel := within(t, 2*patience) // drivers start one after the other, on an emulated processor
	defer cancel()
	if got, err := m.AwaitAll(ctx); err != nil {
		t.Fatalf("only %q are served: %v", got, err)
	}
	t.Logf("all served %.1f s after power-on, by the card's clock", m.served(names))
	m.console(0, `usbhid-ups.4: .*configuration is ambiguous.*\[ups.rack\] and \[ups.left\] both claim \S+ at port 1-1.4; it is rack`)
	m.console(0, `usbhid-ups.9: .*\[ups.twin\] claims both \S+ at port 1-1.1 and \S+ at port 1-2.1; it is the first`)
	m.weigh(names)

	ask := m.asker()
	t.Logf("from four UPSes to a client: %s", m.outages(ask, names[:4], -1))
	const hung = 8
	m.do(m.UPS[hung], "fault silence")
	ask.await(names[hung], "ERR DATA-STALE", patience)
	t.Logf("from fifteen while %s hangs: %s", names[hung], m.outages(ask, names, hung))
	for i, name := range names {
		if got := ask.status(name); (i == hung) != (got == "ERR DATA-STALE") {
			t.Errorf("%s hangs, and the status of %s is %q", names[hung], name, got)
		}
	}
}

// outages takes the mains from each UPS but one and gives them back. It returns how long clients had to wait for each change.
func (m *machine) outages(ask *asker, names []string, except int) string {
	m.t.Helper()
	var took []time.Duration
	for i, name := range names {
		if i == except {
			continue
		}
		m.do(m.UPS[i], "mains off")
		took = append(took, ask.await(name, "OB", slowestStatus))
		m.do(m.UPS[i], "mains on")
		took = append(took, ask.await(name, "OL", slowestStatus))
	}
	slices.Sort(took)
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("median %v, slowest %v", ms(took[len(took)/2]), ms(took[len(took)-1]))
}

// served is when the last of the UPSes first had a status, in seconds of the card's clock.
func (m *machine) served(names []string) (last float64) {
	m.t.Helper()
	for _, name := range names {
		said := regexp.MustCompile(`^\[ *([0-9.]+)\] upsd: .*msg=state ups=` + name + ` status="?O`)
		ctx, cancel := within(m.t, patience)
		_, found, err := m.Console.Await(ctx, 0, said)
		cancel()
		if err != nil {
			m.t.Fatal(err)
		}
		at, _ := strconv.ParseFloat(found[1], 64)
		last = max(last, at)
	}
	return last
}

// weigh fails the test where the system takes more memory than it may.
func (m *machine) weigh(names []string) {
	m.t.Helper()
	info := map[string]int{}
	for line := range strings.Lines(m.shell("cat /proc/meminfo")) {
		name, value, _ := strings.Cut(line, ":")
		info[name], _ = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
	}
	used := info["MemTotal"] - info["MemFree"] - (info["Buffers"] + info["Cached"] - info["Shmem"])
	pids, own := strings.Fields(m.shell("pidof usbhid-ups")), 0
	for line := range strings.Lines(m.shell("cat /proc/" + strings.Join(pids, "/status /proc/") + "/status")) {
		if text, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kB, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), " kB"))
			own += kB
		}
	}
	m.t.Logf("used %d kB of %d kB; %d drivers have %d kB each of their own", used, info["MemTotal"], len(pids), own/max(1, len(pids)))
	if len(pids) != len(names) || info["MemTotal"] == 0 || used > sixteenBudget {
		m.t.Errorf("%d drivers, and the system takes %d kB, over its budget of %d kB", len(pids), used, sixteenBudget)
	}
}
