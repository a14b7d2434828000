package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/card"
)

// hook is a web server that is told of events. While it is closed it refuses them.
type hook struct {
	mu     sync.Mutex
	closed bool
	told   []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var event struct{ Type, UPS, Host string }
	if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &event) != nil || h.closed {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.told = append(h.told, event.Type+" "+event.UPS+" "+event.Host)
}

func (h *hook) close(closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = closed
}

func (h *hook) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// TestNotify: the card tells of an outage by syslog and by a webhook. What cannot be told waits, over a loss of the card's own power too.
func TestNotify(t *testing.T) {
	need(t, card.Available())
	if !inOwnNetwork(t) {
		return
	}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := new(hook)
	server := &http.Server{Handler: h}
	go server.Serve(web)
	defer server.Close()
	log, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	port := func(a net.Addr) string { return a.String()[strings.LastIndex(a.String(), ":")+1:] }
	m := bootReady(t, setup{outward: true, config: fmt.Sprintf("[notify.web]\ntype = \"webhook\"\nurl = \"http://10.0.2.2:%s/ups\"\n"+
		"[notify.log]\ntype = \"syslog\"\nserver = \"10.0.2.2:%s\"\nevents = \"ONBATT\"\n", port(web.Addr()), port(log.LocalAddr()))})
	until := func(what string, is func() bool) {
		t.Helper()
		for start := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("%s: not within %v; told %q", what, patience, h.got())
			}
		}
	}
	m.do(m.UPS[0], "mains off")
	until("ONBATT", func() bool { return slices.Equal(h.got(), []string{"ONBATT ups upscard"}) })
	buf := make([]byte, 2048)
	if err := log.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, _, err := log.ReadFrom(buf)
	if want := `^<\d+>1 \d{4}-\S+ upscard \S+ .*on battery`; err != nil || !regexp.MustCompile(want).Match(buf[:n]) {
		t.Errorf("syslog: %v %q, want %s", err, buf[:n], want)
	}

	h.close(true)
	mark := m.Console.Mark()
	m.do(m.UPS[0], "mains on")
	m.console(mark, `upsmon: .* event=ONLINE`)
	m.console(mark, `upsmon: .*webhook: the server says 503`)
	m.PowerCycle()
	m.console(mark, `upscard: ready`)
	h.close(false)
	until("ONLINE", func() bool { return slices.Contains(h.got(), "ONLINE ups upscard") })
	if got := h.got(); len(got) != 2 {
		t.Errorf("told %q", got)
	}
}
