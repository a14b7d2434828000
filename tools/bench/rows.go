package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// figure is one measured number.
type figure struct {
	what  string
	value float64
	less  bool // is better
}

// row is one way to measure a server.
type row struct {
	name string
	take func(ctx context.Context, m *measuring) ([]figure, error)
}

// measuring is a server that is being measured.
type measuring struct {
	settings
	stand  *stand
	server server
}

// upsdRows are those of upsd.
var upsdRows = []row{
	{"GET VAR, 1 connection", pressing(1, getVar, false)},
	{"GET VAR, 16", pressing(16, getVar, false)},
	{"GET VAR, 200", pressing(200, getVar, false)},
	{"GET VAR, 200, paced to 20,000/s", pacing(200, 20_000, getVar)},
	{"LIST VAR, 1 connection", pressing(1, listVar, false)},
	{"LIST VAR, 16", pressing(16, listVar, false)},
	{"LIST VAR, 200", pressing(200, listVar, false)},
	{"LIST VAR, 1, acknowledged at once", pressing(1, listVar, true)},
	{"LIST VAR, 16, acknowledged at once", pressing(16, listVar, true)},
	{"connect, GET, LOGOUT, 1 client", pressingNew(1, getVar, logout)},
	{"connect, GET, LOGOUT, 16", pressingNew(16, getVar, logout)},
	{"connect, GET, LOGOUT, 200", pressingNew(200, getVar, logout)},
	{"beside 5,000 idle", besideIdle(5000, listVar, 16, 1)},
	{"memory", memory},
	{"start", start},
	{"driver's update", update},
}

// upsdContest is upsd in the clear.
var upsdContest = contest{
	theirs: "NUT",
	rows:   upsdRows,
	set: func(ctx context.Context, k kit) (*stand, []server, error) {
		theirs, err := reference()
		if err != nil {
			return nil, nil, err
		}
		s, err := newStand(ctx, 0)
		return s, []server{ours(k.ours("upsd")), theirs}, err
	},
}

// with runs f with a server of its own.
func (m *measuring) with(ctx context.Context, f func(p *process) error) error {
	p, err := m.stand.serving(ctx, m.server)
	if err != nil {
		return err
	}
	defer p.stop(syscall.SIGTERM)
	return f(p)
}

func speed(o outcome, cpu time.Duration) []figure {
	list := []figure{
		{"requests/s", o.perSecond(), false},
		{"p50, us", micros(o.at(0.5)), true},
		{"p99, us", micros(o.at(0.99)), true},
		{"CPU for 1,000, ms", cpu.Seconds() * 1e6 / float64(max(1, len(o.times))), true},
	}
	if o.fails > 0 {
		list = append(list, figure{"failures", float64(o.fails), true})
	}
	return list
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// load measures a server under load.
func (m *measuring) load(ctx context.Context, n int, begin func() (func() error, func(), error)) (figures []figure, err error) {
	err = m.with(ctx, func(p *process) error {
		figures, err = m.loadOn(ctx, p, n, begin)
		return err
	})
	return figures, err
}

func (m *measuring) loadOn(ctx context.Context, p *process, n int, begin func() (func() error, func(), error)) ([]figure, error) {
	press(ctx, n, m.length/4, begin) // to warm up
	before := processor(p.pid())
	o, err := press(ctx, n, m.length, begin)
	if len(o.times) == 0 {
		return nil, fmt.Errorf("no request was answered: %w", err)
	}
	return speed(o, processor(p.pid())-before), nil
}

func pressing(n int, r request, prompt bool) func(context.Context, *measuring) ([]figure, error) {
	return func(ctx context.Context, m *measuring) ([]figure, error) {
		return m.load(ctx, n, asking(m.stand.door, r, prompt))
	}
}

func pressingNew(n int, asks ...request) func(context.Context, *measuring) ([]figure, error) {
	return func(ctx context.Context, m *measuring) ([]figure, error) {
		return m.load(ctx, n, coming(m.stand.door, asks...))
	}
}

// pacing has clients that wait between two requests, so that all of them make so many a second.
func pacing(n, perSecond int, r request) func(context.Context, *measuring) ([]figure, error) {
	return func(ctx context.Context, m *measuring) ([]figure, error) {
		period := time.Duration(n) * time.Second / time.Duration(perSecond)
		begin := asking(m.stand.door, r, false)
		var figures []figure
		err := m.with(ctx, func(p *process) error {
			before := processor(p.pid())
			var mu sync.Mutex
			var times []time.Duration
			o, err := press(ctx, n, m.length, func() (func() error, func(), error) {
				step, end, err := begin()
				next := time.Now()
				var own []time.Duration
				return func() error {
						next = next.Add(period)
						time.Sleep(time.Until(next))
						at := time.Now()
						err := step()
						own = append(own, time.Since(at))
						return err
					}, func() {
						mu.Lock()
						defer mu.Unlock()
						times = append(times, own...)
						end()
					}, err
			})
			slices.Sort(times)
			o.times = times
			figures = speed(o, processor(p.pid())-before)
			return err
		})
		return figures, err
	}
}

// named puts a name in front of those of figures.
func named(name string, list []figure) []figure {
	for i := range list {
		list[i].what = name + list[i].what
	}
	return list
}

// besideIdle measures memory and speed while many do nothing that have asked once, and as many as busy says are busy.
func besideIdle(many int, first request, busy ...int) func(context.Context, *measuring) ([]figure, error) {
	return func(ctx context.Context, m *measuring) (figures []figure, err error) {
		err = m.with(ctx, func(p *process) error {
			empty, _, err := resident(p.pid())
			if err != nil {
				return err
			}
			all, err := crowd(ctx, m.stand.door, many, first)
			defer disperse(all)
			if err != nil {
				return err
			}
			time.Sleep(m.length)
			full, _, err := resident(p.pid())
			if err != nil {
				return err
			}
			figures = append(figures, figure{"resident for each idle one, bytes", float64(full-empty) / float64(many), true})
			before := processor(p.pid())
			time.Sleep(m.length)
			figures = append(figures, figure{"CPU at rest, ms a second", micros(processor(p.pid())-before) / 1000 / m.length.Seconds(), true})
			for _, n := range busy {
				list, err := m.loadOn(ctx, p, n, asking(m.stand.door, getVar, false))
				if err != nil {
					return err
				}
				figures = append(figures, named(fmt.Sprintf("GET VAR, %d busy: ", n), list)...)
			}
			return nil
		})
		return figures, err
	}
}

// memory measures a server that nobody has asked anything but once.
func memory(ctx context.Context, m *measuring) (figures []figure, err error) {
	for _, more := range []int{0, fleetSize - 2} {
		s := m.stand
		if more > 0 {
			if s, err = newStand(ctx, more); err != nil {
				return nil, err
			}
			defer s.close()
		}
		one := &measuring{m.settings, s, m.server}
		err = one.with(ctx, func(p *process) error {
			time.Sleep(m.length)
			now, _, err := resident(p.pid())
			figures = append(figures, figure{fmt.Sprintf("resident with %d UPSes, MB", more+2), float64(now) / 1e6, true})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// start measures the time to the first answer, whatever it says.
func start(ctx context.Context, m *measuring) ([]figure, error) {
	var times []time.Duration
	for range 10 {
		at := time.Now()
		p, err := m.server.begin(m.stand.bench)
		if err != nil {
			return nil, err
		}
		for time.Since(at) < patience {
			c, err := m.stand.door(ctx)
			if err == nil {
				err = c.ask(version)
				c.conn.Close()
			}
			if err == nil {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
		times = append(times, time.Since(at))
		p.stop(syscall.SIGTERM)
	}
	slices.Sort(times)
	return []figure{{"to the first answer, ms", micros(times[len(times)/2]) / 1000, true}}, nil
}
