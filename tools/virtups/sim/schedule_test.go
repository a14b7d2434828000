package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
)

// strikes tells on which of the occasions, one a second, a schedule of the rules strikes, by the newest rule's number from 1.
func strikes(t *testing.T, occasions []occasion, rules ...string) (got []int) {
	t.Helper()
	var s schedule
	now := time.Unix(0, 0)
	index := map[*entry]int{}
	for i, text := range rules {
		r, err := ParseRule(strings.Fields(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.add(r, now); err != nil {
			t.Fatal(err)
		}
		index[s.entries[i]] = i + 1
	}
	for i, o := range occasions {
		got = append(got, index[s.strike(o, now.Add(time.Duration(i)*time.Second))])
	}
	return got
}

func TestSchedule(t *testing.T) {
	feature := occasion{Steady, hid.Feature, 3}
	input := occasion{Steady, hid.Input, 3}
	other := occasion{First, hid.Feature, 4}
	five := slices.Repeat([]occasion{feature}, 5)
	for _, c := range []struct {
		name      string
		occasions []occasion
		rules     []string
		want      []int
	}{
		{"always", five, []string{"stall"}, []int{1, 1, 1, 1, 1}},
		{"after", five, []string{"stall after 3"}, []int{0, 0, 0, 1, 1}},
		{"times", five, []string{"stall times 2"}, []int{1, 1, 0, 0, 0}},
		{"the third", five, []string{"stall 3 after 2 times 1"}, []int{0, 0, 1, 0, 0}},
		{"for", five, []string{"stall for 2s"}, []int{1, 1, 0, 0, 0}},
		{"times within for", five, []string{"stall for 3s times 4 after 1"}, []int{0, 1, 1, 0, 0}},
		{"newest first", five, []string{"stall", "late times 2"}, []int{2, 2, 1, 1, 1}},
		{"a rule that waits lets others strike", five, []string{"stall", "late after 1 times 1"}, []int{1, 2, 1, 1, 1}},
		{"ids", []occasion{feature, other}, []string{"stall 4"}, []int{0, 1}},
		{"several ids", []occasion{feature, other}, []string{"stall 4 3"}, []int{1, 1}},
		{"kinds", []occasion{feature, input}, []string{"stall input"}, []int{0, 1}},
		{"stage", []occasion{feature, other}, []string{"stall first"}, []int{0, 1}},
		{"no report", []occasion{{stage: Enumeration}, {stage: Descriptor}}, []string{"stall descriptor"}, []int{0, 1}},
		{"default stage", []occasion{{stage: Enumeration}, {stage: Set}, feature, {stage: Interrupt}}, []string{"stall"}, []int{0, 1, 1, 0}},
		{"any is the control pipe", []occasion{{stage: Enumeration}, {stage: Set}, {stage: Interrupt}}, []string{"stall any"}, []int{1, 1, 0}},
		{"only where it can", []occasion{{stage: Set}, feature}, []string{"short any"}, []int{0, 1}},
	} {
		if got := strikes(t, c.occasions, c.rules...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScheduleIsBounded(t *testing.T) {
	u := open(t, devices.Default, Options{})
	for range maxRules {
		do(t, u, "fault stall 3")
	}
	if _, err := u.Do("fault stall 3"); err == nil || !strings.Contains(err.Error(), "64 faults are enough") {
		t.Error(err)
	}
	do(t, u, "fault none 3")
	do(t, u, "fault stall 3")
}

// Every fault has one name and can meet something, and each of its stages can be said.
func TestKindsAreWhole(t *testing.T) {
	for i, k := range kinds {
		if int(k.fault) != i+1 || k.fault.String() != k.name || k.meets == 0 || k.help == "" {
			t.Errorf("%+v", k)
		}
		if _, err := ParseRule(append([]string{k.name}, strings.Fields(k.meets.String())...)); err != nil && k.fault != FaultSwap {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}

// FuzzRule reads a rule back as it was written.
func FuzzRule(f *testing.F) {
	for _, k := range kinds {
		f.Add(k.name + " " + k.meets.String() + " after 2 times 3 for 1m4s delay 1.5s seed 9 as plain-600")
	}
	f.Add("stall get feature input 0x16 7")
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "/") {
			return // a file of this machine
		}
		r, err := ParseRule(strings.Fields(line))
		if err != nil {
			return
		}
		again, err := ParseRule(strings.Fields(r.String()))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q is %q, read back as %q, %v", line, r, again, err)
		}
	})
}
