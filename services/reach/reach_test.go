package reach

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// TestMain makes the test binary a program that can be killed besides: `serve DIR`.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		t := NewTeller()
		t.Open("", addr("[::]:401"))
		fmt.Println(t.Serve(context.Background(), os.Args[2], quiet))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var quiet = driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)}

func addr(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }

// told waits until this is told, "" for nothing.
func told(t *testing.T, f *feeds.Feeds, want map[string]string) {
	t.Helper()
	all := make(map[string][]netip.AddrPort)
	for service, text := range want {
		all[service] = Parse(text)
	}
	for limit := time.After(patience); ; {
		got := Listening(f)
		if len(got) == 0 && len(all) == 0 || reflect.DeepEqual(got, all) {
			return
		}
		select {
		case <-f.Changed():
		case <-limit:
			t.Fatalf("told is %v, want %v", got, want)
		}
	}
}

// directory is one with a short path, as those of sockets must be, and what is told in it.
func directory(t *testing.T) (dir string, f *feeds.Feeds) {
	t.Helper()
	dir, err := os.MkdirTemp("", "reach")
	if err != nil {
		t.Fatal(err)
	}
	f = feeds.New(dir, driversock.Trust{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); os.RemoveAll(dir) })
	return dir, f
}

// What is told is what is served now, of each service by itself.
func TestOpenAndClosed(t *testing.T) {
	dir, f := directory(t)
	told(t, f, nil)
	teller := NewTeller()
	teller.Open("desk", addr("[::]:3552"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- teller.Serve(ctx, dir, quiet) }()
	told(t, f, map[string]string{"desk": "[::]:3552"})
	closed := teller.Open("rack", addr("192.0.2.2:3551"))
	teller.Open("rack", addr("127.0.0.1:3551"))
	told(t, f, map[string]string{"desk": "[::]:3552", "rack": "127.0.0.1:3551 192.0.2.2:3551"})
	closed()
	closed() // once more is nothing more
	told(t, f, map[string]string{"desk": "[::]:3552", "rack": "127.0.0.1:3551"})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	told(t, f, nil)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// Nothing is told of a program that was killed, nor because of what it left behind; the next one is heard.
func TestKilled(t *testing.T) {
	dir, f := directory(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cmd := exec.Command(self, "serve", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		told(t, f, map[string]string{"": "[::]:401"})
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if line, _ := bufio.NewReader(out).ReadString('\n'); line != "" {
			t.Errorf("it said %q", line)
		}
		_ = cmd.Wait()
		told(t, f, nil)
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("it leaves %v, %v", left, err)
		}
	}
}

func TestParse(t *testing.T) {
	want := []netip.AddrPort{netip.MustParseAddrPort("[::]:1"), netip.MustParseAddrPort("192.0.2.2:2")}
	if got := Parse("  [::]:1 nonsense :3 192.0.2.2:2 192.0.2.2:99999"); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
