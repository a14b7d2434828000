package program

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestUIDs(t *testing.T) {
	var u UIDs
	for text, ok := range map[string]bool{"7": true, "-1": false, "a": false, "4294967296": false, "": false} {
		if err := u.Set(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := u.String(); got != "[7]" {
		t.Errorf("taken: %s", got)
	}
}

func TestFlags(t *testing.T) {
	tests := []struct {
		args string
		want Flags
		code int // -1: no error
		says string
	}{
		{"", Flags{Config: "/etc/upscard.toml", Run: "/run"}, -1, ""},
		{"-config a -run b -ready 3", Flags{"a", "b", 3}, -1, ""},
		{"stray", Flags{}, 2, `odd: unexpected argument "stray"`},
		{"-novelty", Flags{}, 2, "novelty"},
		{"-ready x", Flags{}, 2, "-ready"},
		{"-h", Flags{}, 0, "-config"},
	}
	for _, tt := range tests {
		var got Flags
		var stderr bytes.Buffer
		err := Parse(got.Set("odd", &stderr), strings.Fields(tt.args))
		code := -1
		if err != nil {
			code = UsageCode(err)
		}
		if code != tt.code || code < 0 && got != tt.want || !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("%q: code %d, %+v, %s", tt.args, code, got, &stderr)
		}
	}
}

func TestLogger(t *testing.T) {
	var b bytes.Buffer
	logger := Logger(&b)
	logger.WithGroup("g").Info("shown", slog.TimeKey, "noon")
	logger.Info("shown", slog.TimeKey, "noon")
	if got, want := b.String(), "level=INFO msg=shown g.time=noon\nlevel=INFO msg=shown time=noon\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
