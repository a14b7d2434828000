package program

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/upscard/upscard/services/config"
)

// TestRun: what is tightened, loaded and served, in this order, and what its failure is to whoever looks on.
func TestRun(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "upscard.toml")
	if err := os.WriteFile(broken, []byte("listen = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	oops := errors.New("oops")
	for name, tt := range map[string]struct {
		tightened, served error
		file              string
		code              int
		said              string
	}{
		"well":          {},
		"not tightened": {tightened: oops, file: broken, code: 1, said: "odd: oops\n"},
		"not read":      {file: broken, served: oops, code: 1, said: "odd: " + broken + ":1"},
		"not served":    {served: oops, code: 1, said: "odd: oops\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			duty, file := "", tt.file
			if file == "" {
				file = filepath.Join(t.TempDir(), "missing")
			}
			code := Run("odd", file, &stderr, func(d string) error { duty = d; return tt.tightened }, func(cfg *config.Config, logger *slog.Logger) error {
				if cfg == nil || logger == nil {
					t.Error("without configuration or log")
				}
				return tt.served
			})
			if code != tt.code || duty != "odd" || !bytes.HasPrefix(stderr.Bytes(), []byte(tt.said)) || tt.said == "" && stderr.Len() > 0 {
				t.Errorf("code %d, duty %q, said %q", code, duty, stderr.String())
			}
		})
	}
}
