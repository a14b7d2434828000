package netconf

import (
	"context"
	"sync"
)

// manager has a runner for every interface that there is a plan for.
type manager struct {
	watcher *watcher
	runner  runner // what all runners have in common
	running map[key]*running
	asked   <-chan struct{}
}

// key tells interfaces apart. One that is given another name is another one: it may have another plan.
type key struct {
	index int
	name  string
}

type running struct {
	slot  *slot
	stop  context.CancelFunc
	ended sync.WaitGroup
}

// run follows the watcher until ctx ends and all runners have.
func (m *manager) run(ctx context.Context) {
	for ctx.Err() == nil {
		all, changed := m.watcher.current()
		m.update(ctx, all)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-m.asked:
		}
	}
	for _, r := range m.running {
		r.stop()
		r.ended.Wait()
	}
}

// update starts a runner for each new interface, and ends those of which the interface is gone.
func (m *manager) update(ctx context.Context, all []planned) {
	there := make(map[key]bool)
	for _, p := range all {
		k := key{p.link.Index, p.link.Name}
		there[k] = true
		if r := m.running[k]; r != nil {
			r.slot.set(p.link)
			continue
		}
		m.running[k] = m.start(ctx, p)
	}
	for k, r := range m.running {
		if !there[k] {
			r.slot.set(Link{})
			r.stop()
			r.ended.Wait()
			delete(m.running, k)
		}
	}
}

func (m *manager) start(ctx context.Context, p planned) *running {
	ctx, stop := context.WithCancel(ctx)
	r := m.runner
	s := newSlot(p.link)
	r.links, r.plan, r.rank = s, p.plan, p.rank
	started := &running{slot: s, stop: stop}
	started.ended.Go(func() { r.run(ctx) })
	return started
}
