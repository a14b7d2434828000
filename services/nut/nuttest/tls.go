package nuttest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Paste returns the lines for upsmon.conf that `upscard mkcert` has written to a client's directory, taken as NUT's upsmon here wants them: it is built
// with NSS, or with OpenSSL.
func Paste(t testing.TB, dir string) string {
	t.Helper()
	libraries, err := exec.Command("ldd", Program(t, "upsmon")).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "upsmon.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(libraries), "libnss3") {
		return string(text)
	}
	lines := regexp.MustCompile(`(?m)^(CERTPATH|CERTIDENT) .*$`).ReplaceAllString(string(text), "")
	return regexp.MustCompile(`(?m)^#(CERTPATH|CERTFILE)`).ReplaceAllString(lines, "$1")
}

// Readable lets nobody read a client's directory among the temporary ones: NUT's upsmon runs as such here, where it has no group of its own.
func Readable(t testing.TB, dir string) {
	t.Helper()
	for dir, top := dir, os.TempDir(); strings.HasPrefix(dir, top+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o644)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
