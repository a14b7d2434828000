package sim

import (
	"testing"

	"github.com/upscard/upscard/tools/virtups/devices"
)

// draw takes n episodes.
func draw(t *testing.T, seed uint64, n int) (all []Episode) {
	t.Helper()
	other, err := devices.Open("plain-600")
	if err != nil {
		t.Fatal(err)
	}
	for e := range Chaos(seed, []uint8{0x10, 0x20}, other) {
		if all = append(all, e); len(all) == n {
			return all
		}
	}
	t.Fatal("chaos came to an end")
	return nil
}

// What a seed yields is the same each time, and another seed yields something else.
func TestChaosIsReproducible(t *testing.T) {
	const n = 200
	first, second, other := draw(t, 7, n), draw(t, 7, n), draw(t, 8, n)
	same := 0
	for i := range first {
		if first[i].String() != second[i].String() {
			t.Fatalf("%d: %v, then %v", i, first[i], second[i])
		}
		if first[i].String() == other[i].String() {
			same++
		}
	}
	if same > n/10 {
		t.Errorf("seeds 7 and 8 have %d of %d in common", same, n)
	}
}

// Each pair of fault and stage comes once in a round, every episode can be injected, and ends.
func TestChaosCoversAll(t *testing.T) {
	all := pairs()
	seen := map[pair]int{}
	u := open(t, devices.Default, Options{})
	for _, e := range draw(t, 1, 2*len(all)) {
		if err := u.Inject(e.Rule); err != nil {
			t.Errorf("%v: %v", e, err)
		}
		u.Heal()
		seen[pair{e.Rule.Fault, e.Rule.Stage}]++
		if e.Last <= 0 || e.Last > longestEpisode || e.Rule.Times == 0 && e.Rule.For == 0 {
			t.Errorf("%v has no end", e)
		}
		if e.Rule.Stage&Set != 0 {
			t.Errorf("%v is about writing", e)
		}
	}
	for _, p := range all {
		if seen[p] != 2 {
			t.Errorf("%v at %v came %d times in two rounds", p.fault, p.stage, seen[p])
		}
	}
	t.Logf("%d pairs", len(all))
}
