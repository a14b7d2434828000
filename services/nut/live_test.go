package nut

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
	"golang.org/x/sys/unix"
)

type deviation struct{ request, reason string }

// deviations are the requests whose answers differ from those of NUT's upsd (2.8.0 to 2.8.5), with the reason.
var deviations = []deviation{
	{`(?i)^\s*(\\t|\\0)?VER\b`, "names another program, another version"},
	{`\\xff\w`, "NUT leaves bytes over ASCII out, we compare words as they are"},
	{`server\.(info|version)`, "names another program, another version"},
	{`^((GET|LIST|SET) (VAR|CMD)|INSTCMD) gone\b`, "NUT forgets that a driver was there once; to us a dead driver means stale data"},
	{`^HELP$`, "2.8.0 does not name PROTVER"},
	{`^GET (DESC|CMDDESC) `, "our own words"},
	{`^GET VAR ("ups|ups\\)$`, "NUT takes the next line for the rest of the word, we say ERR at once"},
	{`"a # b"`, "NUT says nothing and drops what follows, we say ERR"},
	{`^(\w ){20}`, "NUT looks at the first words of too many, we refuse them"},
	{`conversion$`, "2.8.0 does not know the result"},
	{`pending$`, "the driver answers to one order at a time"},
	{`lost$|undriven`, "a fault that cannot be made here"},
	{`^SET VAR \w+ \S+ \w+ \w+$|^INSTCMD \w+ \S+ \w+ \w+$`, "NUT drops words too many, and with them a command's parameter; we refuse"},
	{`^SET VAR ups input.transfer.low (95.5|90V|" 90")$|delay.start soon$`, "NUT takes any text for a whole number; to us it must be one, and in range"},
	{`(?i)server\.fsd`, "NUT's FSD ends with its upsd only"},
	{`^GET TRACKING \w+-`, "NUT says ERR UNKNOWN or nothing, by version"},
}

// liveServers are NUT's upsd and ours, both fed by the same drivers.
func liveServers(t *testing.T) (theirs, ours string) {
	t.Helper()
	nuttest.Program(t, "upsd")
	bench := nuttest.New(t)
	bench.Configure("ups", "usbhid-ups", "port = auto", `desc = "The \"first\" one"`)
	bench.Configure("undriven", "usbhid-ups", "port = auto")
	bench.Configure("stale", "usbhid-ups", "port = auto")
	bench.Configure("never", "usbhid-ups", "port = auto")
	bench.Configure("gone", "usbhid-ups", "port = auto")
	bench.Configure("forced", "usbhid-ups", "port = auto")
	host := testHost()
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 5)
	for _, name := range []string{"ups", "undriven", "stale", "forced"} {
		ln, err := driversock.Listen(driversock.Path(bench.Dir, "usbhid-ups", name))
		if err != nil {
			t.Fatal(err)
		}
		store := host.Registry.Find(name).Store()
		go func() {
			errs <- driversock.Serve(ctx, ln, store, scriptedHandler{}, driversock.ServeOptions{Logger: host.Logger})
		}()
	}
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	go func() { errs <- NewServer(host, Limits{}).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-errs, <-errs, <-errs, <-errs, <-errs); err != nil {
			t.Error(err)
		}
	})
	theirs = bench.Upsd(liveUsers)
	waitFor(t, theirs, "GET VAR ups ups.status", "VAR ups ups.status \"OL CHRG\"\n")
	waitFor(t, theirs, "GET VAR stale ups.status", "ERR DATA-STALE\n")
	waitFor(t, theirs, "GET VAR forced ups.status", "VAR forced ups.status \"OL CHRG\"\n")
	return theirs, ln.Addr().String()
}

// TestLikeNUT plays the transcripts' requests to NUT's upsd and to ours.
func TestLikeNUT(t *testing.T) {
	theirs, ours := liveServers(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var nutIDs, ourIDs orderIDs
		nut, us := dialLive(t, theirs), dialLive(t, ours)
		for line := range strings.Lines(string(text)) {
			request, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> ")
			if !ok || deviates(request) {
				continue
			}
			want, got := nut.askFinal(&nutIDs, unescape(request)), us.askFinal(&ourIDs, unescape(request))
			if got != want {
				t.Errorf("%s: %q\nNUT  %q\nours %q", filepath.Base(file), request, want, got)
			}
			compared++
		}
	}
	t.Log(compared, "requests compared")
}

// liveUsers are testHost's in the words of upsd.users.
const liveUsers = `
[mon]
	password = "sec ret"
	upsmon secondary
[web]
	password = secret
[op]
	password = "op secret"
	actions = SET
	instcmds = Beeper.Mute
[all]
	password = "all secret"
	instcmds = ALL
[pri]
	password = "primary secret"
	upsmon primary
[card]
	password = "card secret"
	upsmon primary
	actions = FSD
	actions = SET
[fsd]
	password = "fsd secret"
	actions = FSD
`

// scriptedHandler is scriptedDriver behind a driver's socket.
type scriptedHandler struct{}

func (scriptedHandler) InstCmd(_ context.Context, _, param string) ups.Result { return scripted(param) }
func (scriptedHandler) SetVar(_ context.Context, _, value string) ups.Result  { return scripted(value) }

func deviates(request string) bool {
	return slices.ContainsFunc(deviations, func(d deviation) bool {
		return regexp.MustCompile(d.request).MatchString(request)
	})
}

// waitFor asks until the answer is want, since upsd takes a moment to read what a driver wrote.
func waitFor(t *testing.T, addr, request, want string) {
	t.Helper()
	c := dialLive(t, addr)
	got := ""
	for range 200 {
		if got = c.ask(request); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: %q, want %q", request, got, want)
}

type liveClient struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dialLive(t *testing.T, addr string) *liveClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	return &liveClient{t, conn, bufio.NewReader(conn)}
}

// acknowledge has the system acknowledge at once what comes next: NUT's upsd waits for that between the lines of an answer.
func (c *liveClient) acknowledge() {
	raw, err := c.conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_TCP, unix.TCP_QUICKACK, 1) })
	}
}

// askFinal asks for what became of an order until that is known.
func (c *liveClient) askFinal(ids *orderIDs, request string) string {
	c.t.Helper()
	request = ids.insert(request)
	reply := c.ask(request)
	for i := 0; reply == "PENDING\n" && i < 200; i++ {
		time.Sleep(20 * time.Millisecond)
		reply = c.ask(request)
	}
	return ids.hide(reply)
}

// ask returns the whole answer, however many lines it has: a second question marks its end.
func (c *liveClient) ask(request string) string {
	c.t.Helper()
	const marker = "VAR marker server.version "
	if request != "LOGOUT" {
		request += "\nGET VAR marker server.version"
	}
	if _, err := io.WriteString(c.conn, request+"\n"); err != nil {
		c.t.Fatal(err)
	}
	var reply strings.Builder
	for {
		c.acknowledge()
		line, err := c.in.ReadString('\n')
		if strings.HasPrefix(line, marker) {
			return reply.String()
		}
		reply.WriteString(line)
		if request == "LOGOUT" {
			return reply.String()
		}
		if err != nil {
			c.t.Fatalf("%q: %q, %v", request, reply.String(), err)
		}
	}
}
