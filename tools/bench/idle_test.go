package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/tlsconf"
)

// asServer in its environment makes this test a server that tells its memory.
const asServer = "UPSCARD_BENCH_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		serveMeasured()
		return
	}
	os.Exit(m.Run())
}

// serveMeasured serves a UPS, and for each line that it reads prints what it holds after two collections: bytes in use, and goroutines.
func serveMeasured() {
	host := &nut.Host{Registry: new(nut.Registry), Users: nut.NewUsers(nil), Version: "test", Logger: slog.New(slog.DiscardHandler)}
	store := host.Registry.Add("apc", "").Store()
	store.Set(values(1))
	c, err := newCertificate()
	if err != nil {
		panic(err)
	}
	cert, err := ca.Supplied(c.cert, c.key)
	if err != nil {
		panic(err)
	}
	secure := nut.Security{Config: tlsconf.Server()}
	secure.Config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, nil }
	host.Secure(secure)
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr())
	go nut.NewServer(host, nut.Limits{}).Serve(context.Background(), ln)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(m.HeapInuse+m.StackInuse+m.MSpanInuse+m.OtherSys, runtime.NumGoroutine())
	}
}

// TestIdleMemory: a connection that has done one LIST VAR holds little, and once it has gone nothing. The socket itself is the system's.
func TestIdleMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		way   func(door) door
		n     int
		first request
		most  int // bytes for each
	}{
		"who only asks":                      {inTheClear, 5000, listVar, 1024},
		"who has a goroutine, for any cause": {inTheClear, 5000, request{"list VAR apc\n", "END LIST VAR apc"}, 4096}, // no client writes it small
		"TLS 1.3":                            {overTLS(tls.VersionTLS13), 1000, listVar, 20_000},
		"TLS 1.2":                            {overTLS(tls.VersionTLS12), 1000, listVar, 20_000},
	} {
		t.Run(name, func(t *testing.T) { testIdleMemory(t, tt.way, tt.n, tt.first, tt.most) })
	}
}

func inTheClear(in door) door { return in }

func overTLS(version uint16) func(door) door {
	return func(in door) door { return new(agreement).over(in, version) }
}

func testIdleMemory(t *testing.T, way func(door) door, n int, first request, most int) {
	if err := raiseFiles(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	out := bufio.NewReader(stdout)
	measure := func() (bytes, routines int) {
		t.Helper()
		fmt.Fprintln(in)
		if _, err := fmt.Fscanln(out, &bytes, &routines); err != nil {
			t.Fatal(err)
		}
		return bytes, routines
	}
	addr, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr = strings.TrimSpace(addr)
	before, alone := measure()
	all, err := crowd(t.Context(), way(plain(addr)), n, first)
	defer disperse(all)
	if err != nil {
		t.Fatal(err)
	}
	after, _ := measure()
	if each := (after - before) / n; each >= most {
		t.Errorf("%d bytes each", each)
	} else {
		t.Logf("%d bytes each", each)
	}
	disperse(all)
	left := 0
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(10 * time.Millisecond) {
		if _, left = measure(); left <= alone+maxDesks {
			return
		}
	}
	t.Errorf("%d goroutines are left, of %d", left, alone)
}
