package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// view is what a client sees of one UPS, asked for all the time over one connection.
type view struct {
	ups   string
	never bool // stale is wrong

	mu        sync.Mutex
	truths    []truth
	goodSince time.Time // fresh and right without a gap, zero if it is not
	badSince  time.Time // stale without a gap
	lag       time.Duration
	worst     time.Duration // lag ever
	stale     time.Duration // longest
	wrong     []string
	latencies []time.Duration
	story     story // what was seen since tell, nil where nobody wants it
}

// pace is how often a view asks.
const pace = 50 * time.Millisecond

// watch begins to look at a UPS that is on the mains. It ends with the test.
func (m *machine) watch(ups string) *view {
	v := &view{ups: ups, truths: []truth{{"OL", time.Now()}}}
	ctx, cancel := context.WithCancel(m.t.Context())
	var wg sync.WaitGroup
	m.t.Cleanup(func() { cancel(); wg.Wait() })
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := v.ask(ctx, m.Addr("nut")); err != nil && ctx.Err() == nil {
				v.note(fmt.Sprintf("the connection: %v", err))
			}
		}
	})
	return v
}

// ask asks until the connection fails or ctx ends.
func (v *view) ask(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	in := bufio.NewReader(conn)
	for tick := time.NewTicker(pace); ; {
		asked := time.Now()
		conn.SetDeadline(asked.Add(patience))
		if _, err := fmt.Fprintf(conn, "GET VAR %s ups.status\n", v.ups); err != nil {
			return err
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		v.saw(strings.TrimSpace(line), asked, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// saw takes an answer into account.
func (v *view) saw(answer string, asked, came time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	j := judge(answer, asked, came, v.truths, staleLimit)
	v.latencies = append(v.latencies, came.Sub(asked))
	if v.story != nil {
		v.story = append(v.story, look(answer, asked, came, v.truths))
	}
	v.lag, v.worst = max(v.lag, j.lag), max(v.worst, j.lag)
	switch {
	case j.wrong != "":
		v.wrong = append(v.wrong, j.wrong)
	case v.never && !j.right:
		v.wrong = append(v.wrong, fmt.Sprintf("it says %q", answer))
	}
	if !j.right {
		v.goodSince = time.Time{}
	} else if v.goodSince.IsZero() {
		v.goodSince = asked
	}
	if j.fresh || j.wrong != "" {
		v.badSince = time.Time{}
	} else if v.badSince.IsZero() {
		v.badSince = asked
	}
	if !v.badSince.IsZero() {
		v.stale = max(v.stale, came.Sub(v.badSince))
	}
}

func (v *view) note(wrong string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.wrong = append(v.wrong, wrong)
}

// expect says what is true from now on.
func (v *view) expect(status string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.truths[len(v.truths)-1].status != status {
		v.truths = append(v.truths, truth{status, time.Now()})
		v.goodSince = time.Time{}
	}
}

// reset forgets what was seen so far.
func (v *view) reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lag, v.worst, v.stale, v.wrong, v.latencies = 0, 0, 0, nil, nil
}

// tell begins a story: what was true earlier is forgotten.
func (v *view) tell() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.truths = v.truths[len(v.truths)-1:]
	v.story = story{}
}

// told is the story so far.
func (v *view) told() story {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.story)
}

// recovered waits until the UPS is fresh and right for a while from now on, and returns how long it took until it was.
func (v *view) recovered(m *machine, limit time.Duration) (time.Duration, error) {
	begin := time.Now()
	for {
		v.mu.Lock()
		since := v.goodSince
		v.mu.Unlock()
		switch {
		case !since.IsZero() && time.Since(since) >= steadyFor && time.Since(begin) >= steadyFor:
			return max(0, since.Sub(begin)), nil
		case since.IsZero() && time.Since(begin) > limit:
			return time.Since(begin), fmt.Errorf("not right %v after it", limit)
		}
		select {
		case <-time.After(pace):
		case <-m.Exited():
			return 0, errors.New("the card stopped")
		}
	}
}

// isRight reports whether the last answer was fresh and right.
func (v *view) isRight() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.goodSince.IsZero()
}

// strict makes stale wrong.
func (v *view) strict(on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.never = on
}

// extremes are the longest time that the UPS was stale without a gap, and that an old status was told, since the last reset.
func (v *view) extremes() (stale, old time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stale, v.worst
}

// takeWrong returns what was wrong since it was last asked, without repetitions.
func (v *view) takeWrong() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	wrong := v.wrong
	v.wrong = nil
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// takeLag is for how long an old status was told since it was last asked.
func (v *view) takeLag() (lag time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lag, v.lag = v.lag, 0
	return lag
}

// spread is the median and the greatest of the times to an answer since the last reset.
func (v *view) spread() (median, most time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := slices.Sorted(slices.Values(v.latencies))
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], all[len(all)-1]
}
