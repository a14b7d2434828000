package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/config"
)

// onCard is the upscard.toml that a flashed card holds.
func onCard(t *testing.T, b *bench) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "card")
	if err := os.WriteFile(path, b.card.data, 0o600); err != nil {
		t.Fatal(err)
	}
	var content string
	if err := editFile(path, func(old []byte) ([]byte, error) { content = string(old); return old, nil }); err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSettings(t *testing.T) {
	img := smallImage(t)
	own := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(own, []byte("listen = [\":3494\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"none", nil, sample},
		{"shorthands", []string{"-hostname", "rack-ups", "-address", "192.168.1.5/24", "-gateway", "192.168.1.1", "-dns", "192.168.1.2"},
			`network.hostname = 'rack-ups'
network.interfaces.eth0.address = '192.168.1.5/24'
network.interfaces.eth0.gateway = '192.168.1.1'
network.dns = '192.168.1.2'

` + sample},
		{"values", []string{"-set", `users.monitor.password=it's "long"`, "-set", "ups.left.pollinterval = 3", "-set", `listen=[":3493"]`},
			`users.monitor.password = "it's \"long\""
ups.left.pollinterval = 3
listen = [":3493"]

` + sample},
		{"file", []string{"-config", own}, "listen = [\":3494\"]\n"},
		{"file with a value", []string{"-config", own, "-hostname", "x"}, "network.hostname = 'x'\n\nlisten = [\":3494\"]\n"},
	} {
		b := newBench(t, img)
		if code := b.run(t.Context(), test.args...); code != 0 {
			t.Errorf("%s: %d: %s", test.name, code, b.stderr.String())
			continue
		}
		got := onCard(t, b)
		if strings.TrimPrefix(got, "# Set when the card was written.\n") != test.want {
			t.Errorf("%s: got\n%swant\n%s", test.name, got, test.want)
		}
		if _, err := config.Parse(configFile, []byte(got)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// No text given as a value becomes more than one value.
func FuzzSet(f *testing.F) {
	f.Add("network.hostname", "x")
	f.Add("a", "1\nb = 2")
	f.Add("a", `"x" # y`)
	f.Add("a = 1\nb", "\xff")
	f.Fuzz(func(t *testing.T, key, value string) {
		var s settings
		if s.set(key, value) == nil && (len(s.values) != 1 || strings.ContainsAny(s.values[0], "\r\n")) {
			t.Errorf("%q = %q gives %q", key, value, s.values)
		}
	})
}
