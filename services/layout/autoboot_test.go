package layout

import "testing"

func TestAutoboot(t *testing.T) {
	const want = "[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n"
	if got := string(Autoboot(SystemB)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
