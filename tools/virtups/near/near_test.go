package near

import "testing"

func TestWord(t *testing.T) {
	words := []string{"mains", "battery", "load", "status", "unplug", "plug"}
	for in, want := range map[string]string{
		"mians": "mains", "BATERY": "battery", "stat": "status", "plugg": "plug", "unplu": "unplug", "zzzzzz": "", "": "",
	} {
		if got := Word(in, words); got != want {
			t.Errorf("Word(%q) = %q, want %q", in, got, want)
		}
	}
}
