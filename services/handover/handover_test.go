package handover

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Settings{
		"ready\n": Default(),
		"source owner\nhostname rack-1\nport 3500\nready\n":    {Owner, "rack-1", 3500, nil},
		"hostname a\nready\nhostname b\nread":                  {Defaults, "a", 3493, nil},
		"hostname a\nready\nport 1\nready\n":                   {Defaults, "upscard", 1, nil},
		"source last-good\nwrong f:1:2: x\nwrong y ä\nready\n": {LastGood, "upscard", 3493, []string{"f:1:2: x", "y ä"}},
	} {
		if got, err := Parse([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "ready", "hostname a\n", "already\n", "ready\nhostname -\n",
		"hostname\nready\n", "hostname -a\nready\n", "hostname a b\nready\n", "hostname a\nhostname b\nready\n",
		"hostname " + strings.Repeat("a", 64) + "\nready\n", "port 65536\nready\n", "port -1\nready\n", "source here\nready\n",
		"reboot now\nready\n", "wrong \x1b[2J\nready\n", "wrong \xff\nready\n", "wrong " + strings.Repeat("a", 700) + "\nready\n",
		strings.Repeat("wrong x\n", maxWrong+1) + "ready\n", strings.Repeat("wrong x\n", MaxSize) + "ready\n", "\nready\n",
	} {
		if got, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.80q: taken as %+v", text, got)
		}
	}
}

func TestEncodeMakesTextsFit(t *testing.T) {
	s := Settings{Owner, "a", 1, []string{"", "line\nline", "\x1b\xff", strings.Repeat("ä", 1000)}}
	for range 30 {
		s.Wrong = append(s.Wrong, "more")
	}
	got, err := Parse(s.Encode())
	if err != nil || len(got.Wrong) != maxWrong || got.Wrong[1] != "line?line" || got.Wrong[2] != "??" || len(got.Wrong[3]) < 500 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("source owner\nhostname a\nport 1\nwrong x\nready\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(s.Encode())
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("%+v is encoded as %+v, %v", s, again, err)
		}
	})
}
