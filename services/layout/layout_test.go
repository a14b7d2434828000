package layout

import "testing"

func TestPartitions(t *testing.T) {
	const unit = 4 << 20
	var end int64 = unit
	for i, p := range Partitions {
		if p.Number != i+1 || Of(p.Number) != p {
			t.Errorf("%s: number %d at index %d", p.Name, p.Number, i)
		}
		if p.Start != end || p.Start%unit != 0 || p.Size%unit != 0 {
			t.Errorf("%s: starts at %d with %d bytes, want %d and whole units", p.Name, p.Start, p.Size, end)
		}
		if limit := map[byte]int{FAT32: 11, Linux: 16}[p.Type]; len(p.Label) > limit {
			t.Errorf("%s: label %q has over %d bytes", p.Name, p.Label, limit)
		}
		end = p.Start + p.Size
	}
	if end != Size || Size&(Size-1) != 0 {
		t.Errorf("the partitions end at %d, the disk at %d", end, Size)
	}
}

func TestUUID(t *testing.T) {
	if got, want := Of(State).UUID(), "55505343-04"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOtherSystem(t *testing.T) {
	if OtherSystem(SystemA) != SystemB || OtherSystem(SystemB) != SystemA {
		t.Error("the other system is not the other")
	}
}
