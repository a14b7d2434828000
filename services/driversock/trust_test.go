package driversock

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/upscard/upscard/services/ups"
	"golang.org/x/sys/unix"
)

// asNobody calls f on a thread of another user, which ends with it.
func asNobody(t *testing.T, f func() error) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can act as another user")
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); e != 0 {
			done <- e
			return
		}
		done <- f()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

const nobody = 65534

func TestStrangerIsNotServed(t *testing.T) {
	path := serve(t, ups.NewStore(), nil)
	asNobody(t, func() error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
			return err
		}
		_, _ = unix.Write(fd, []byte("PING\n"))
		if n, _ := unix.Read(fd, make([]byte, 1)); n > 0 {
			return errors.New("a stranger got an answer")
		}
		return nil
	})
}

func TestStrangerIsNotTrusted(t *testing.T) {
	path := socketPath(t)
	if err := os.Chmod(filepath.Dir(path), 0o1777); err != nil {
		t.Fatal(err)
	}
	fd := -1
	asNobody(t, func() (err error) {
		if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
			return err
		}
		return unix.Listen(fd, 16)
	})
	defer unix.Close(fd)
	for _, tt := range []struct {
		trust   string
		trusted bool
	}{{"", true}, {"65534", true}, {"1000-70000", true}, {"300-363", false}, {"65535", false}} {
		var trust Trust
		if tt.trust != "" {
			if err := trust.Set(tt.trust); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := trust.dial(t.Context(), path)
		if (err == nil) != tt.trusted {
			t.Errorf("trust %s: %v", &trust, err)
		}
		if err == nil {
			conn.Close()
		}
		if _, _, ok := socketAt(path, trust); ok != tt.trusted {
			t.Errorf("trust %s: socket found %v", &trust, ok)
		}
	}
	for _, bad := range []string{"", "-", "2-1", "a", "1-", "-1", "1-2-3"} {
		if err := new(Trust).Set(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}
