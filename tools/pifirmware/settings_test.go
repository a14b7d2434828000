package pifirmware

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	pi4 := Model{Filters: []string{"pi4", "cm4"}}
	for _, tc := range []struct {
		name, text string
		tryboot    bool
		want       string // key=value, joined by blanks
	}{
		{"empty", "", false, ""},
		{"comments and blanks", "# a=1\n\n  # b=2\n a = 1 \n", false, "a=1"},
		{"CRLF, no final newline", "a=1\r\nb=2", false, "a=1 b=2"},
		{"value with =", "dtparam=watchdog=on\n", false, "dtparam=watchdog=on"},
		{"initramfs", "initramfs rd followkernel\n", false, "initramfs=rd followkernel"},
		{"this model", "[pi4]\na=1\n[all]\nb=2\n", false, "a=1 b=2"},
		{"another model", "[pi3]\na=1\n[all]\nb=2\n", false, "b=2"},
		{"model after model", "[pi3]\na=1\n[cm4]\nb=2\n", false, "b=2"},
		{"none", "[none]\na=1\n[pi4]\nb=2\n[all]\nc=3\n", false, "c=3"},
		{"tryboot, not set", "[all]\na=1\n[tryboot]\na=2\n", false, "a=1"},
		{"tryboot, set", "[all]\na=1\n[tryboot]\na=2\n", true, "a=1 a=2"},
		{"tryboot and model", "[pi3]\n[tryboot]\na=1\n[pi4]\nb=2\n", true, "b=2"},
		{"tryboot stays after a model", "[tryboot]\n[pi4]\na=1\n[all]\nb=2\n", false, "b=2"},
	} {
		got, err := parse([]byte(tc.text), situation{pi4, tc.tryboot})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		var words []string
		for _, s := range got {
			words = append(words, s.key+"="+s.value)
		}
		if s := strings.Join(words, " "); s != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, s, tc.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a=1\nnonsense\n":              `2: "nonsense" is neither KEY=VALUE nor a section`,
		"initramfs=rd\n[pi9]\n":        `2: section "[pi9]" is not known here`,
		"[all\n":                       `1: section "[all" does not end in ]`,
		"=1\n":                         `1: "=1" is neither KEY=VALUE nor a section`,
		strings.Repeat("x", 98) + "=1": "1: the line has 100 bytes, the firmware reads 98",
	} {
		if _, err := parse([]byte(text), situation{}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestLast(t *testing.T) {
	all := []setting{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	got := []string{last(all, "a", "x"), last(all, "b", "x"), last(all, "c", "x")}
	if !slices.Equal(got, []string{"3", "2", "x"}) {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"), true)
	f.Add([]byte("arm_64bit=1\ninitramfs rd followkernel\n[cm4]\notg_mode=1\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, tryboot bool) {
		all, err := parse(text, situation{Pi3, tryboot})
		for _, s := range all {
			if err != nil || s.key == "" {
				t.Fatalf("%q: %q with %v", text, s, err)
			}
		}
	})
}
