package peercred

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain makes the test binary a client too: `dial PATH`.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "dial" {
		conn, err := net.Dial("unix", os.Args[2])
		if err != nil {
			os.Exit(1)
		}
		conn.Read(make([]byte, 1)) // until it is closed
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAdmit(t *testing.T) {
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	const stranger = 54321
	for _, tt := range []struct {
		uid     int // -1: our own
		allowed []uint32
		want    string
	}{{-1, nil, ""}, {stranger, nil, "uid 54321"}, {stranger, []uint32{1, stranger}, ""}, {stranger, []uint32{1}, "uid 54321"}} {
		cmd := exec.Command("/proc/self/exe", "dial", path)
		if tt.uid >= 0 {
			if os.Getuid() != 0 {
				t.Log("only root can be another user")
				continue
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o666); err != nil {
				t.Fatal(err)
			}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(tt.uid), Gid: uint32(tt.uid)}}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		conn, err := ln.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		err = Admit(conn, tt.allowed)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("uid %d with %v: %v", tt.uid, tt.allowed, err)
		}
		conn.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}
