package shim

import (
	"strings"
	"testing"
)

func TestBegun(t *testing.T) {
	for text, want := range map[string]first{
		"":                              unfinished,
		"S":                             unfinished,
		"STARTTLS":                      unfinished,
		"STARTTLS\r":                    unfinished,
		"STARTTLS\n":                    startTLS,
		"starttls\r\r\n":                startTLS,
		" STARTTLS \r\n":                startTLS,
		"STARTTLS\nVER\n":               injected,
		"STARTTLS\n\x16\x03":            injected, // no client can know yet that TLS is next
		"STARTTLS\n\n":                  injected,
		"STARTTLS now\n":                foreign,
		"\n":                            foreign,
		"VER\n":                         foreign,
		"VER":                           unfinished,
		"\x16":                          handshake,
		"\x16\x03\x01\n":                handshake,
		"\x80\x2e\x01\x00\x02\n":        foreign, // SSL 2
		strings.Repeat("S", maxFirst-1): unfinished,
		strings.Repeat("S", maxFirst):   foreign,
		strings.Repeat(" ", maxFirst-9) + "STARTTLS\n": startTLS,
	} {
		if got := begun([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// FuzzBegun: what has been decided stays so but for more behind STARTTLS, and nobody is waited for who has filled the buffer.
func FuzzBegun(f *testing.F) {
	for _, text := range []string{"STARTTLS\n", "STARTTLS\r\nVER\n", "\x16\x03\x01", "VER\n", "starttls"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := unfinished
		for n := range len(data) + 1 {
			now := begun(data[:n])
			if before != unfinished && now != before && !(before == startTLS && now == injected) {
				t.Errorf("%q was %d, and with a byte more is %d", data[:n], before, now)
			}
			if now == unfinished && n >= maxFirst {
				t.Errorf("%d bytes are not enough", n)
			}
			before = now
		}
	})
}
