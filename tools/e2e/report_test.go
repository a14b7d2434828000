package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// change is one of the mains, on its way from the UPS to a client.
type change struct {
	sent  time.Time // the simulator handed the first report of it to the guest's USB controller
	asked time.Time // the driver asked for that report afterwards, zero if it did not before the client knew
	seen  time.Time // a client had the new status
}

// polled is what a client would wait for on average if the driver did not listen to what the UPS sends: half of its poll interval.
const polled = time.Second

// TestReportToClient measures how long clients wait for a change of the mains from the time at which the UPS has sent its report, on the card and with Debian's
// NUT. CHANGES=40 takes so many of each of several UPSes; without it there are a few, on the card only.
func TestReportToClient(t *testing.T) {
	count, nut, byHand := number(t, "CHANGES", 5), debianNUT{}, os.Getenv("CHANGES") != ""
	if byHand {
		nut = needNUT(t)
	}
	for _, c := range []struct {
		name   string
		device func(*testing.T) *device.Description
	}{
		{"own", borrowed},
		{"cyberpower", func(t *testing.T) *device.Description { return load(t, "cyberpower-cp1300epfclcd") }},
		{"apc", func(t *testing.T) *device.Description { return load(t, "apc-bk650m2-ch") }},
	} {
		if c.name != "own" && !byHand {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			card := bootReady(t, setup{ups: []*sim.UPS{sim.New(c.device(t), sim.Options{})}})
			median := card.measureChanges("upscard", count)
			if median > polled {
				t.Errorf("a change took %v: it came by a poll, not by the report", median)
			}
			if byHand {
				card.Stop(0)
				nut.boot(t, sim.New(c.device(t), sim.Options{}), "").measureChanges("NUT", count)
			}
		})
	}
}

// measureChanges takes the mains away and gives them back, in no step with anybody's polls, and prints and returns how long clients had to wait.
func (m *machine) measureChanges(name string, count int) (median time.Duration) {
	m.t.Helper()
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	ask, random := m.asker(), rand.New(rand.NewPCG(1, 1))
	var whole, toRead, toClient, alone []time.Duration
	for i := range count {
		time.Sleep(1500*time.Millisecond + time.Duration(random.Int64N(int64(2*time.Second))))
		begin := time.Now()
		ask.status("ups")
		alone = append(alone, time.Since(begin))
		c := m.change(ask, []string{"OB", "OL"}[i%2], []string{"mains off", "mains on"}[i%2])
		whole = append(whole, c.seen.Sub(c.sent))
		if !c.asked.IsZero() {
			toRead, toClient = append(toRead, c.asked.Sub(c.sent)), append(toClient, c.seen.Sub(c.asked))
		}
	}
	m.t.Logf("%s, %d changes: from the report to a client %s; to the driver's next read of it %s; from that to a client %s; an answer alone takes %s", name, count,
		spread(whole), spread(toRead), spread(toClient), spread(alone))
	return whole[len(whole)/2]
}

// change does something to the UPS and waits until a client knows.
func (m *machine) change(ask *asker, want, command string) (c change) {
	m.t.Helper()
	begin, u := time.Now(), m.UPS[0]
	m.do(u, command)
	ask.await("ups", want, patience)
	c.seen = time.Now()
	reports := u.Reports()
	first := slices.IndexFunc(reports, func(r sim.Report) bool { return !r.Sent.Before(begin) })
	if first < 0 || reports[first].Sent.After(c.seen) {
		m.t.Fatalf("%s: a client saw %s, but the UPS had sent nothing", command, want)
	}
	c.sent = reports[first].Sent
	for _, r := range u.Reads() {
		if !r.At.Before(c.sent) && r.At.Before(c.seen) && r.Report == reports[first].Data[0] {
			c.asked = r.At
			break
		}
	}
	return c
}

// spread sorts times and names the median, the one that nine of ten do not exceed, and the worst.
func spread(all []time.Duration) string {
	if slices.Sort(all); len(all) == 0 {
		return "never"
	}
	ms := func(i int) string { return fmt.Sprintf("%.1f", float64(all[i].Microseconds())/1000) }
	return fmt.Sprintf("%s / %s / %s ms (median, p90, worst)", ms(len(all)/2), ms(len(all)*9/10), ms(len(all)-1))
}
