package notify

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var example = Event{Seq: 7, Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Type: "ONBATT", UPS: "ups", Text: "UPS ups: on\nbattery"}

const exampleMessage = `<28>1 2026-01-02T03:04:05.000006Z card upsmon - ONBATT [meta sequenceId="7"] UPS ups: on battery`

func TestSyslogFormat(t *testing.T) {
	s := Syslog{Host: "card"}
	if got := s.format(example); got != exampleMessage {
		t.Errorf("got  %s\nwant %s", got, exampleMessage)
	}
	got := Syslog{Host: "my card\n"}.format(Event{Seq: 1 << 31, Type: "", Text: "\xff"})
	if want := `<29>1 0001-01-01T00:00:00.000000Z mycard upsmon - - [meta sequenceId="1"] ?`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSyslogUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := (Syslog{"udp", conn.LocalAddr().String(), "card"}).Send(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2000)
	n, _, err := conn.ReadFrom(buf)
	if got := string(buf[:n]); err != nil || got != exampleMessage {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSyslogTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan string, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		data, _ := io.ReadAll(conn)
		conn.Close()
		got <- string(data)
	}()
	if err := (Syslog{"tcp", ln.Addr().String(), "card"}).Send(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	if got, want := <-got, "96 "+exampleMessage; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	ln.Close()
	if err := (Syslog{"tcp", ln.Addr().String(), "card"}).Send(t.Context(), example); err == nil {
		t.Error("nobody listens, yet it was told")
	}
}

func TestWebhook(t *testing.T) {
	answer := http.StatusOK
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		body = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(data)
		if answer == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(answer)
	}))
	defer server.Close()
	w := NewWebhook(server.URL+"/hook?token=secret", "card")
	if err := w.Send(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	want := `POST /hook application/json {"host":"card","seq":7,"time":"2026-01-02T03:04:05.000006Z","type":"ONBATT","ups":"ups","text":"UPS ups: on\nbattery"}`
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	for _, answer = range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		if err := w.Send(t.Context(), example); err == nil {
			t.Errorf("%d is taken for success", answer)
		}
	}
	server.Close()
	if err := w.Send(t.Context(), example); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
