package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
)

// Rule lets a device fail now and then.
type Rule struct {
	Fault   Fault
	Stage   Stage               // 0 for wherever the fault can strike among Reports, else wherever it can
	Reports []uint8             // ids of reports, nil for all
	Kinds   []hid.Kind          // of reports, nil for all
	After   int                 // how many chances it lets pass first
	Times   int                 // how often it strikes, 0 for no limit
	For     time.Duration       // how long it strikes from the time it was made, 0 for no limit
	Delay   time.Duration       // see the faults that have one
	Seed    uint64              // of FaultNoise
	As      *device.Description // of FaultSwap
}

// Delays of the faults that need one.
const (
	lateDelay  = 2 * time.Second
	resetDelay = time.Second
)

// complete fills in what the rule leaves open, and says what it cannot mean.
func (r *Rule) complete() error {
	meets := r.Fault.meets()
	stage := r.Stage
	switch {
	case meets == 0:
		return fmt.Errorf("no fault %d", r.Fault)
	case stage == 0 && meets&Reports != 0:
		stage = Reports
	case stage == 0:
		stage = meets
	}
	if stage&Interrupt != 0 {
		stage |= poll
	}
	switch {
	case stage&meets == 0:
		return fmt.Errorf("%v cannot meet %v, only %v", r.Fault, stage, meets)
	case len(r.Reports)+len(r.Kinds) > 0 && stage&(Enumeration|Descriptor) != 0:
		return fmt.Errorf("reports are for get, first, steady, set, interrupt, not for %v", stage&(Enumeration|Descriptor))
	case r.Fault == FaultSwap && r.As == nil:
		return fmt.Errorf("swap needs as DEVICE")
	}
	r.Stage = stage & meets
	switch {
	case r.Delay != 0:
	case r.Fault == FaultLate:
		r.Delay = lateDelay
	case r.Fault == FaultReset:
		r.Delay = resetDelay
	}
	return nil
}

// matches reports whether the rule is about the occasion.
func (r *Rule) matches(o occasion) bool {
	return r.Stage&o.stage != 0 && (!o.reported() || among(r.Reports, o.report) && among(r.Kinds, o.kind))
}

func among[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// String is the rule in words that the control protocol understands.
func (r Rule) String() string {
	words := []string{r.Fault.String(), r.Stage.String()}
	if len(r.Reports) > 0 {
		words = append(words, describe(r.Reports))
	}
	for _, k := range r.Kinds {
		words = append(words, strings.ToLower(k.String()))
	}
	for _, w := range []struct {
		name string
		set  bool
		v    any
	}{
		{"after", r.After != 0, r.After}, {"times", r.Times != 0, r.Times}, {"for", r.For != 0, r.For}, {"delay", r.Delay != 0, r.Delay},
		{"seed", r.Seed != 0, r.Seed},
	} {
		if w.set {
			words = append(words, fmt.Sprint(w.name, " ", w.v))
		}
	}
	if r.As != nil {
		words = append(words, "as "+r.As.Name)
	}
	return strings.Join(words, " ")
}

// entry is a rule in force.
type entry struct {
	Rule
	until  time.Time // zero for no limit
	met    int       // how many chances it had
	struck int
	random *rand.Rand
}

// over reports whether the rule will strike no more.
func (e *entry) over(now time.Time) bool {
	return e.Times > 0 && e.struck >= e.Times || !e.until.IsZero() && !now.Before(e.until)
}

// schedule holds the rules in force, the newest last. It knows no device and no clock.
type schedule struct {
	entries []*entry
	struck  int // how often any rule struck
}

// maxRules bounds a schedule.
const maxRules = 64

// add puts a rule in force.
func (s *schedule) add(r Rule, now time.Time) error {
	if err := r.complete(); err != nil {
		return err
	}
	s.tidy(now)
	if len(s.entries) >= maxRules {
		return fmt.Errorf("%d faults are enough: clear some", maxRules)
	}
	e := &entry{Rule: r, random: rand.New(rand.NewPCG(r.Seed, r.Seed))}
	if r.For > 0 {
		e.until = now.Add(r.For)
	}
	s.entries = append(s.entries, e)
	return nil
}

// strike is the rule that strikes on the occasion, nil for none. Of several that match the newest has it, and the others do not see it.
func (s *schedule) strike(o occasion, now time.Time) *entry {
	s.tidy(now)
	for _, e := range slices.Backward(s.entries) {
		if !e.matches(o) {
			continue
		}
		if e.met++; e.met > e.After {
			e.struck++
			s.struck++
			return e
		}
	}
	return nil
}

// tidy drops the rules that are over.
func (s *schedule) tidy(now time.Time) {
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return e.over(now) })
}

// clear drops the rules about a report, or all for nil.
func (s *schedule) clear(report *uint8) {
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return report == nil || slices.Equal(e.Reports, []uint8{*report}) })
}
