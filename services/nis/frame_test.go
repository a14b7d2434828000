package nis

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// fixed is a source of a few records.
type fixed struct{}

func (fixed) Status() []string { return []string{"APC      : 001,001,0015\n", "STATUS   : OL \n"} }
func (fixed) Events() []string { return nil }

var _ Source = fixed{}

// parse takes an answer apart: the records of each part that a frame of no length ends.
func parse(t testing.TB, data []byte) (answers [][]string) {
	t.Helper()
	var records []string
	for len(data) >= 2 {
		n := int(binary.BigEndian.Uint16(data))
		if data = data[2:]; n > len(data) {
			t.Fatalf("a frame says %d bytes and has %d", n, len(data))
		}
		if n == 0 {
			answers, records = append(answers, records), nil
			continue
		}
		records, data = append(records, string(data[:n])), data[n:]
	}
	if len(data) > 0 || records != nil {
		t.Fatalf("the answer has no end: %q", data)
	}
	return answers
}

func request(text string) []byte { return appendRecord(nil, text) }

func TestAnswers(t *testing.T) {
	status := strings.Join(fixed{}.Status(), "")
	for _, tt := range []struct {
		sent string
		want []string // what is in each answer
		end  bool
	}{
		{"\x00\x06status", []string{status}, false},
		{"\x00\x06events", []string{""}, false},
		{"\x00\x06status\x00\x06events\x00\x06status", []string{status, "", status}, false},
		{"\x00\x06STATUS", []string{invalid}, false},
		{"\x00\x07status\n", []string{invalid}, false},
		{"\x00\x05statu", []string{invalid}, false},
		{"\x00\x01\x00", []string{invalid}, false},
		{"\x01\x00" + strings.Repeat("x", 256), []string{invalid}, false},
		{"\x01\x01" + strings.Repeat("x", 257), nil, true},
		{"\x00\x00", nil, true},
		{"\x00\x06status\x00\x00\x00\x06status", []string{status}, true},
		{"GET / HTTP/1.1\r\n", nil, true},
		{"\x00", nil, false},
		{"\x00\x06statu", nil, false},
		{"", nil, false},
	} {
		for piece := 1; piece <= max(len(tt.sent), 1); piece += max(1, len(tt.sent)/7) { // length and body in pieces
			var in requests
			var out []byte
			var err error
			for rest := []byte(tt.sent); len(rest) > 0 && err == nil; {
				n := min(piece, len(rest))
				err = in.take(rest[:n], func(r []byte) { out = appendAnswer(out, r, fixed{}) })
				rest = rest[n:]
			}
			var got []string
			for _, records := range parse(t, out) {
				got = append(got, strings.Join(records, ""))
			}
			if strings.Join(got, "|") != strings.Join(tt.want, "|") || len(got) != len(tt.want) || (err != nil) != tt.end {
				t.Errorf("%q in pieces of %d: %q, %v", tt.sent, piece, got, err)
			}
		}
	}
}

// What Home Assistant's library looks for: two zero bytes are the end of an answer and nowhere else, and all of it is ASCII.
func TestAnswerAsHomeAssistantReadsIt(t *testing.T) {
	for _, v := range []View{view(), {UPS: view().UPS.WithValues(map[string]string{"ups.model": "\x00\x00ü"}), Now: view().Now}} {
		answer := appendAnswer(nil, []byte("status"), source{v})
		if i := bytes.Index(answer, []byte{0, 0}); i != len(answer)-2 {
			t.Errorf("an end at %d of %d", i, len(answer))
		}
		lines := bytes.Split(answer[:len(answer)-2], []byte{0})
		if len(lines) != len(Status(v))+1 {
			t.Errorf("%d lines for %d records", len(lines)-1, len(Status(v)))
		}
		for _, l := range lines[1:] {
			name, value, ok := strings.Cut(string(l[1:]), ":")
			if !ok || name == "" || value == "" || int(l[0]) != len(l)-1 || l[0] > 126 {
				t.Errorf("line %q", l)
			}
		}
		if !bytes.HasSuffix(answer, []byte("  \n\x00\x00")) { // by which the older library knows the end
			t.Errorf("the end is %q", answer[len(answer)-8:])
		}
	}
}

type source struct{ View }

func (s source) Status() []string { return Status(s.View) }
func (s source) Events() []string { return Events(s.History, s.Now.Location()) }

// Whatever comes in whatever pieces: the same answers as at once, each whole, and never more kept than one request.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{"\x00\x06status", "\x00\x06events\x00\x06status", "\x00\x00", "\xff\xff", "\x01\x00x", "\x00\x01\x00\x00\x06status"} {
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		var whole, pieces requests
		var want, got []byte
		end := whole.take(data, func(r []byte) { want = appendAnswer(want, r, fixed{}) })
		var err error
		for rest := data; len(rest) > 0 && err == nil; {
			n := min(int(piece)+1, len(rest))
			err = pieces.take(rest[:n], func(r []byte) { got = appendAnswer(got, r, fixed{}) })
			if err == nil && len(pieces.data) >= maxRequest+2 {
				t.Fatalf("%d bytes are kept", len(pieces.data))
			}
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || (err == nil) != (end == nil) {
			t.Errorf("%q in pieces of %d: %q, %v; at once %q, %v", data, int(piece)+1, got, err, want, end)
		}
		parse(t, got)
	})
}

// Whatever a UPS says of itself: the header counts, and each record is a line.
func FuzzStatus(f *testing.F) {
	f.Add("OL", "Back-UPS", "230.0", "2015/06/10")
	f.Add("FSD OB LB", "\x00\n:", "-1e308", "")
	f.Fuzz(func(t *testing.T, status, text, number, day string) {
		v := view()
		for name := range full() {
			if strings.HasSuffix(name, "date") {
				v.UPS = v.UPS.WithValues(map[string]string{name: day})
			} else if _, err := bytes.NewBufferString(full()[name]).ReadString('.'); err == nil {
				v.UPS = v.UPS.WithValues(map[string]string{name: number})
			} else {
				v.UPS = v.UPS.WithValues(map[string]string{name: text})
			}
		}
		v.UPS = v.UPS.WithValues(map[string]string{"ups.status": status})
		for _, form := range []func(View) []string{Status, OldStatus} {
			records := form(v)
			values(t, records)
			if len(records[0]) != 24 || len(strings.Join(records[1:], "")) > 9999 {
				t.Errorf("header %q", records[0])
			}
		}
		v.History.Observe(v.UPS, v.Now)
	})
}
