package shim

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/proxyproto"
	"github.com/upscard/upscard/services/tlsconf"
)

// asServer in its environment makes this test a Server in front of the socket that it names, which tells its memory.
const asServer = "UPSCARD_SHIM_SERVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(asServer); path != "" {
		serveMeasured(path)
		return
	}
	os.Exit(m.Run())
}

// serveMeasured prints its address, and for each line that it reads what it holds after collections: bytes in use, goroutines and descriptors.
func serveMeasured(path string) {
	own, err := ca.New(ca.Dates{Now: time.Now()})
	if err != nil {
		panic(err)
	}
	cert, err := own.Server(ca.NamesOf([]string{"card"}), ca.Dates{Now: time.Now()})
	if err != nil {
		panic(err)
	}
	config := tlsconf.Server()
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, nil }
	server := New(Config{TLS: config, Certificate: func(netip.Addr) error { return nil }, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Dial: func(context.Context, proxyproto.Client) (Stream, error) {
			return net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr())
	go server.Serve(context.Background(), ln)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		for range 4 { // a stack shrinks by half in each
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			panic(err)
		}
		fmt.Println(m.HeapInuse+m.StackInuse+m.MSpanInuse+m.OtherSys, runtime.NumGoroutine(), len(files))
	}
}

// maxIdle is what an idle session may cost, in bytes. The sockets themselves are the system's.
const maxIdle = 18 << 10

// raced tells that the race detector is at work, which takes memory of its own.
var raced bool

// TestIdleMemory: a session that has carried an answer holds little while nothing comes, and once it has gone nothing.
func TestIdleMemory(t *testing.T) {
	path := t.TempDir() + "/upsd"
	backend, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	defer backend.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer cmd.Wait()
	defer in.Close()
	out := bufio.NewReader(stdout)
	measure := func() (bytes, routines, files int) {
		t.Helper()
		fmt.Fprintln(in)
		_, err := fmt.Fscanln(out, &bytes, &routines, &files)
		must(t, err)
		return bytes, routines, files
	}
	addr, err := out.ReadString('\n')
	must(t, err)
	var all []io.Closer
	open := func(n int) {
		t.Helper()
		for range n {
			client, err := tls.Dial("tcp", strings.TrimSpace(addr), &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)})
			must(t, err)
			server, err := backend.AcceptUnix()
			must(t, err)
			must(t, client.SetDeadline(time.Now().Add(patience)))
			say(t, client, "LIST VAR ups\n")
			hear(t, server, "LIST VAR ups\n")
			answer := strings.Repeat("x", 2500)
			say(t, server, answer)
			hear(t, client, answer)
			all = append(all, client, server)
		}
	}
	open(10) // what is made once is made
	before, alone, files := measure()
	const n = 1000
	open(n)
	after, _, _ := measure()
	if each := (after - before) / n; each >= maxIdle && !raced {
		t.Errorf("%d bytes each", each)
	} else {
		t.Logf("%d bytes each", each)
	}
	for _, c := range all {
		c.Close()
	}
	var routines, left int
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(10 * time.Millisecond) {
		if _, routines, left = measure(); routines <= alone && left <= files {
			return
		}
	}
	t.Errorf("%d goroutines and %d descriptors are left, of %d and %d", routines, left, alone, files)
}
