package usbhid

import (
	"errors"
	"strings"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// A test or a calibration feeds the load from the battery on purpose. Some UPSes then say that there are no mains, or that the battery is low,
// which together make every upsmon shut down. So while a test runs
//
//   - a battery that feeds the load while mains are there is no OB,
//   - mains that went after the test began are told once they were away for darkInTest. Until then there is neither OB nor OL,
//   - but at once by a UPS that is frank: in this test or one before it told for frankFor of mains while its battery fed the load, and its
//     battery was at rest until that test. What it calls mains are mains (APC BX1600MI in NUT's issue 2347, two more in NUT's device dumps),
//   - a low battery is told with OB only.
//
// Outside of a test nothing is delayed, and mains that went before it stay away.
const (
	darkInTest   = 15 * time.Second // a quick test lasts about 10 s
	frankFor     = 3 * time.Second  // a UPS may tell that it discharges a moment before it tells that there were no mains
	longestTest  = time.Hour        // a UPS that says for longer that it tests itself is not believed
	afterOrder   = time.Minute      // a test that was ordered through us is expected to run, whatever the UPS says
	testCommands = "test.battery.start"
)

// trial is what is known of tests. The zero value is none.
type trial struct {
	began   time.Time // since when the UPS says so
	ordered time.Time // when a test was ordered
	dark    time.Time // since when the UPS says that there are no mains
	fed     time.Time // since when it says in a test that there are mains and that it discharges

	idle    bool // when last looked at outside a test, it did not discharge
	frank   bool // it tells of mains in a test
	worn    bool // it has said so for too long
	awaited bool // a test was ordered not long ago
	told    bool // that there are no mains is believed
}

// order takes note of a command that is about to be given.
func (t trial) order(name string, now time.Time) trial {
	switch {
	case strings.HasPrefix(name, testCommands), name == "calibrate.start":
		t.ordered, t.awaited = now, true
	case name == "test.battery.stop", name == "calibrate.stop":
		t.ordered, t.awaited = time.Time{}, false
	}
	return t
}

// advance returns what is known when the UPS tells f.
func (t trial) advance(f flags, now time.Time) trial {
	switch says := f.saysTest(); {
	case says && t.began.IsZero():
		t.began = now
	case !says && !t.began.IsZero(): // it is over, also if it was ordered
		t.began, t.ordered = time.Time{}, time.Time{}
	}
	t.worn = !t.began.IsZero() && now.Sub(t.began) >= longestTest
	t.awaited = !t.ordered.IsZero() && now.Sub(t.ordered) < afterOrder
	t = t.judge(f, now)
	switch {
	case !f.dark():
		t.dark, t.told = time.Time{}, false
	case t.dark.IsZero():
		t.dark, t.told = now, !t.runs(f) || t.frank
	case now.Sub(t.dark) >= darkInTest || !t.runs(f):
		t.told = true
	}
	return t
}

// judge looks for a sign that the UPS is frank.
func (t trial) judge(f flags, now time.Time) trial {
	switch fed := f.has(acPresent) && f.discharging(); {
	case !t.runs(f):
		t.idle, t.fed = !f.discharging(), time.Time{}
	case !fed || !t.idle:
		t.fed = time.Time{}
	case t.fed.IsZero():
		t.fed = now
	case now.Sub(t.fed) >= frankFor:
		t.frank = true
	}
	return t
}

// saysTest reports whether the UPS says that it tests or calibrates. What the owner takes for a calibration has a meaning of its own.
func (f flags) saysTest() bool { return f.has(selfTest) || f.has(calibrating) && !f.has(drill) }

// runs reports whether a test runs when the UPS tells f.
func (t trial) runs(f flags) bool { return f.saysTest() && !t.worn || t.awaited }

// mark adds to what the UPS tells what a test makes of it.
func (t trial) mark(f flags) flags {
	if !t.runs(f) {
		return f
	}
	f.set(underTest, true)
	f.set(unsure, f.dark() && !t.told && !t.frank)
	if f.worries()&acAbsent == 0 {
		f.on &^= lowFlags
	}
	return f
}

// due is when mains that are away during a test have to be told, the zero time if there are none.
func (t trial) due() time.Time {
	if t.dark.IsZero() || t.told {
		return time.Time{}
	}
	return t.dark.Add(darkInTest)
}

// tests returns the reports that tell whether a test runs.
func (m *model) tests() (keys []key) {
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && s.flag == selfTest && !m.dead[src.key()] && src.key().kind == hid.Feature {
			keys = append(keys, src.key())
		}
	}
	return keys
}

// askOfTest adds to readings by which the load would be fed from the battery whether a test does that. Only a report that has always
// been answered is asked for: an outage must not wait for it. It fails only when the device is gone.
func (s *session) askOfTest(with readings) error {
	if s.model.flags(nil).worries()&acAbsent != 0 || s.model.flags(with).worries()&acAbsent == 0 {
		return nil
	}
	for _, k := range s.model.tests() {
		if h := s.reader.of(k); !h.read || h.failures > 0 {
			continue
		}
		r, err := s.reader.read(k, single)
		if errors.Is(err, usb.ErrGone) {
			return err
		}
		for p, now := range r {
			with[p] = now
		}
	}
	return nil
}
