package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upscard/upscard/services/handover"
)

func TestOwnerFile(t *testing.T) {
	root := t.TempDir()
	for _, step := range []struct{ mkdir, want string }{{"etc", "etc/upscard.toml"}, {"state", "boot/upscard.toml"}, {"boot", "boot/upscard.toml"}} {
		if err := os.Mkdir(filepath.Join(root, step.mkdir), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := ownerFile(root); got != filepath.Join(root, step.want) {
			t.Errorf("with %s: got %s, want %s", step.mkdir, got, step.want)
		}
	}
}

// A confd that hangs is not waited for, nor one that ends early or says what it must not.
func TestReadHandover(t *testing.T) {
	for said, ok := range map[string]bool{"": false, "hostname a\n": false, "reboot\nready\n": false, "hostname a\nready\n": true} {
		for _, hangs := range []bool{false, true} {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteString(said); err != nil {
				t.Fatal(err)
			}
			until := time.Now().Add(time.Minute)
			if hangs {
				until = time.Now().Add(10 * time.Millisecond)
			} else {
				w.Close()
			}
			got, err := readHandover(r, until)
			if (err == nil) != ok || ok && got.Hostname != "a" || !ok && got.Source == handover.Owner {
				t.Errorf("%q, hangs %v: got %+v, %v", said, hangs, got, err)
			}
			r.Close()
			w.Close()
		}
	}
}
