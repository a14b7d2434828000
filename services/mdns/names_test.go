package mdns

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestAnother(t *testing.T) {
	long := strings.Repeat("ä", 31) + "x" // 63 bytes
	for _, c := range []struct{ wanted, last, open, end, want string }{
		{"card", "card", "-", "", "card-2"},
		{"card", "card-2", "-", "", "card-3"},
		{"card", "card-99", "-", "", "card-100"},
		{"card-7", "card-7", "-", "", "card-7-2"}, // the owner's number is no count of ours
		{"card-7", "card-7-2", "-", "", "card-7-3"},
		{"card", "other-5", "-", "", "card-2"},
		{"card", "card-9999999", "-", "", "card-2"},
		{"my card", "my card", " (", ")", "my card (2)"},
		{"my card", "my card (2)", " (", ")", "my card (3)"},
		{long, long, "-", "", strings.Repeat("ä", 30) + "-2"},
		{long, strings.Repeat("ä", 30) + "-2", "-", "", strings.Repeat("ä", 30) + "-3"},
	} {
		if got := another(c.wanted, c.last, c.open, c.end); got != c.want {
			t.Errorf("after %q for %q: %q, want %q", c.last, c.wanted, got, c.want)
		}
	}
}

func TestInstanceName(t *testing.T) {
	long := strings.Repeat("ä", 31)
	for _, c := range []struct{ instance, name, want string }{
		{"card", "", "card"},
		{"card (2)", "rack", "card (2) rack"},
		{long, "rack", strings.Repeat("ä", 29) + " rack"},
		{"card", strings.Repeat("x", 63), " " + strings.Repeat("x", 62)},
	} {
		if got := instanceName(Names{Instance: c.instance}, Service{Type: "_t._tcp", Name: c.name}); got != label(c.want)+"._t._tcp.local." {
			t.Errorf("%q of %q: %q", c.name, c.instance, got)
		}
	}
}

// What is written as a label is read as the same bytes, in the same form.
func TestLabel(t *testing.T) {
	for _, text := range []string{"card", "Keller (2)", "a.b\\c", "Büro ☂ \"x\"", "\x00\x7f\xff@;'", strings.Repeat("é", 40)} {
		name := label(text) + ".local."
		buf := make([]byte, 300)
		end, err := dns.PackDomainName(name, buf, 0, nil, false)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if want := cut(text, 63); string(buf[1:1+int(buf[0])]) != want {
			t.Errorf("%q is written as %q", want, buf[1:1+int(buf[0])])
		}
		if back, _, err := dns.UnpackDomainName(buf[:end], 0); err != nil || back != name {
			t.Errorf("%q is read as %q, %v", name, back, err)
		}
	}
}

func TestTXT(t *testing.T) {
	for _, text := range []string{"a=b", `quote " and \ bar`, "über\x01", strings.Repeat("x", 300)} {
		record := &dns.TXT{Hdr: header("x.local.", dns.TypeTXT, 1), Txt: []string{txt(text)}}
		buf := make([]byte, 600)
		end, err := dns.PackRR(record, buf, 0, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(buf[end-len(cut(text, 255)):end]), cut(text, 255); got != want {
			t.Errorf("%q is written as %q", want, got)
		}
		back, _, err := dns.UnpackRR(buf[:end], 0)
		if err != nil || key(back) != key(record) {
			t.Errorf("%q is read as %v, %v", text, back, err)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "aBC-Ä": "abc-Ä", "LOCAL.": "local."} {
		if got := fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
