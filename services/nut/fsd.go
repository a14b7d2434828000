package nut

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Keeper keeps the names of the UPSes that have FSD set over a restart. Save returns once they survive a power cut.
type Keeper interface {
	Save(names []string) error
}

// keepTime bounds how long FSD waits for its Keeper: clients give up an answer after 5 s, and a machine that is shut down is better off
// than one that dies.
const keepTime = 2 * time.Second

// Resume sets FSD on the named UPSes, those too that come later. It is called before any client is served.
func (r *Registry) Resume(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		r.latch(name, true)
		if u := r.own([]byte(name)); u != nil {
			u.setFSD(true)
		}
	}
}

// latch notes whether a UPS, which need not be there, has FSD set. The caller holds mu.
func (r *Registry) latch(name string, on bool) {
	if r.latched == nil {
		r.latched = make(map[string]bool)
	}
	if name = strings.ToLower(name); on {
		r.latched[name] = true
	} else {
		delete(r.latched, name)
	}
}

// change is latch for one that holds nothing; it returns all that have FSD set then.
func (r *Registry) change(u *UPS, on bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latch(u.name, on)
	return slices.Sorted(maps.Keys(r.latched))
}

// setFSD sets or ends FSD of a UPS. The Keeper has it before any client can see it. What cannot be kept is shown all the same, and
// the log says so.
func (h *Host) setFSD(u *UPS, on bool) {
	h.changing.Lock()
	defer h.changing.Unlock()
	names := h.Registry.change(u, on)
	if h.Keeper != nil {
		saved := make(chan error, 1)
		h.saving.Go(func() { saved <- h.Keeper.Save(names) })
		select {
		case err := <-saved:
			if err != nil {
				h.Logger.Error("FSD would not survive a restart", "ups", u.name, "set", on, "err", err)
			}
		case <-time.After(keepTime):
			h.Logger.Error("FSD would not survive a restart", "ups", u.name, "set", on, "err", "the disk is slow")
		}
	}
	u.setFSD(on)
}

// Close returns once the Keeper is done. No session may go on meanwhile.
func (h *Host) Close() { h.saving.Wait() }
