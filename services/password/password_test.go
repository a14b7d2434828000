package password

import (
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	seen := make(map[string]bool)
	for _, password := range []string{"secret", "", "pässwörd", strings.Repeat("x", 128)} {
		text := Hash(password)
		if seen[text] || text == Hash(password) || strings.Contains(text, "secret") {
			t.Errorf("%q: the hash is no secret", password)
		}
		seen[text] = true
		h, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if !h.Matches(password) || h.Matches(password+"x") || h.Matches("X"+password) {
			t.Errorf("%q: %s", password, text)
		}
	}
}

// known is what the reference implementation (libargon2 20171227) makes of "secret" with a salt of zeros.
const known = "ONftODNpgrc2LoulrUosGFDd/ZSRlRYFwPVUn71/IWE"

func TestKnown(t *testing.T) {
	h, err := Parse("$argon2id$v=19$m=4096,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + known)
	if err != nil || !h.Matches("secret") {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	good := Hash("x")
	for _, text := range []string{"", "x", Prefix, good[:len(good)-1], good + "A", strings.Replace(good, "m=4096", "m=4194304", 1), strings.Replace(good, "t=1", "t=9", 1),
		strings.Replace(good, "$argon2id", "$argon2i", 1), strings.Replace(good, "v=19", "v=16", 1), good + "$", " " + good, good[:60] + "\n" + good[60:]} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Hash("x"))
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := Parse(text); err == nil && header+encoding.EncodeToString(h.salt)+"$"+encoding.EncodeToString(h.sum) != text {
			t.Errorf("%q is read as another", text)
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	h, err := Parse(Hash("x"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h.Matches("x")
	}
}
