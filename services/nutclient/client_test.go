package nutclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/upscard/upscard/services/nut/nuttest"
)

// script is a server that knows lines and what to answer; "" is silence.
func script(t *testing.T, answers map[string]string) *Client {
	ours, theirs := net.Pipe()
	c := New(ours)
	go func() {
		defer theirs.Close()
		lines := bufio.NewScanner(theirs)
		for lines.Scan() {
			answer, ok := answers[lines.Text()]
			if !ok {
				return
			}
			if _, err := io.WriteString(theirs, answer); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCommands(t *testing.T) {
	c := script(t, map[string]string{
		"USERNAME mon":            "OK\n",
		`PASSWORD "pass word\#"`:  "OK\r\n",
		"LOGIN ups":               "OK\n",
		"PRIMARY ups":             "ERR UNKNOWN-COMMAND\n",
		"MASTER ups":              "OK MASTER-GRANTED\n",
		"FSD ups":                 "OK FSD-SET\n",
		"GET VAR ups ups.status":  "VAR ups ups.status \"OL CHRG\"\n",
		"GET NUMLOGINS ups":       "NUMLOGINS ups 2\n",
		"LIST CMD ups":            "BEGIN LIST CMD ups\nCMD ups beeper.off\nCMD ups load.off\nEND LIST CMD ups\n",
		"SET TRACKING ON":         "OK\n",
		"INSTCMD ups load.off":    "OK TRACKING 1-2\n",
		"GET TRACKING 1-2":        "SUCCESS\n",
		"SET VAR ups a.b \"c d\"": "OK TRACKING 3\n",
		"GET TRACKING 3":          "ERR FAILED\n",
		"LOGOUT":                  "OK Goodbye\n",
	})
	ctx := t.Context()
	for i, err := range []error{c.Authenticate(ctx, "mon", "pass word#"), c.Login(ctx, "ups"), c.Primary(ctx, "ups"), c.FSD(ctx, "ups"), c.InstCmd(ctx, "ups", "load.off")} {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if status, err := c.Var(ctx, "ups", "ups.status"); status != "OL CHRG" || err != nil {
		t.Errorf("status %q, %v", status, err)
	}
	if n, err := c.Logins(ctx, "ups"); n != 2 || err != nil {
		t.Errorf("logins %d, %v", n, err)
	}
	if lines, err := c.List(ctx, "CMD", "ups"); err != nil || !slices.Equal(slices.Concat(lines...), []string{"beeper.off", "load.off"}) {
		t.Errorf("list %q, %v", lines, err)
	}
	if err := c.SetVar(ctx, "ups", "a.b", "c d"); !errors.Is(err, Error("FAILED")) {
		t.Errorf("SET: %v", err)
	}
	if err := c.Logout(ctx); err != nil {
		t.Error(err)
	}
}

func TestBadAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"too long":       strings.Repeat("x", MaxLine+1) + "\n",
		"empty":          "\n",
		"another answer": "VAR other ups.status \"OL\"\n",
		"unbalanced":     "VAR ups ups.status \"OL\n",
		"cut off":        "VAR ups",
	} {
		ours, theirs := net.Pipe()
		c := New(ours)
		go func() {
			defer theirs.Close()
			if _, err := bufio.NewReader(theirs).ReadString('\n'); err == nil {
				_, _ = io.WriteString(theirs, answer)
			}
		}()
		value, err := c.Var(t.Context(), "ups", "ups.status")
		var code Error
		if err == nil || errors.As(err, &code) {
			t.Errorf("%s: got %q, %v", name, value, err)
		}
		c.Close()
	}
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := script(t, map[string]string{"VER": ""})
		if _, err := c.Do(t.Context(), "VER"); err == nil {
			t.Error("silence is no answer")
		}
		c.Close()
		c = script(t, map[string]string{"VER": ""})
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err := c.Do(ctx, "VER"); err == nil {
			t.Error("no answer, yet no error")
		}
		c.Close()
	})
}

func TestEndlessList(t *testing.T) {
	ours, theirs := net.Pipe()
	c := New(ours)
	defer c.Close()
	go func() {
		defer theirs.Close()
		if _, err := bufio.NewReader(theirs).ReadString('\n'); err != nil {
			return
		}
		line := "BEGIN LIST CMD ups\n"
		for {
			if _, err := io.WriteString(theirs, line); err != nil {
				return
			}
			line = "CMD ups a\n"
		}
	}()
	if _, err := c.List(t.Context(), "CMD", "ups"); !errors.Is(err, ErrProtocol) {
		t.Errorf("got %v", err)
	}
}

// TestNUT talks to NUT's own server.
func TestNUT(t *testing.T) {
	bench := nuttest.New(t)
	bench.DummyUPS("ups", "ups.status: OL\nups.mfr: A \"B\" # C\n")
	addr := bench.Upsd("[mon]\npassword = secret\nupsmon primary\ninstcmds = ALL\nactions = SET\n")
	ctx := t.Context()
	c, err := Dial(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, err := range []error{c.Authenticate(ctx, "mon", "secret"), c.Login(ctx, "ups"), c.Primary(ctx, "ups"), c.FSD(ctx, "ups")} {
		if err != nil {
			t.Error(err)
		}
	}
	if n, err := c.Logins(ctx, "ups"); n != 1 || err != nil {
		t.Errorf("logins: %d, %v", n, err)
	}
	if _, err := c.List(ctx, "VAR", "ups"); err != nil {
		t.Error(err)
	}
	var refused Error
	if err := c.InstCmd(ctx, "ups", "no.such"); !errors.As(err, &refused) || refused.Code() != "CMD-NOT-SUPPORTED" {
		t.Errorf("INSTCMD: %v", err)
	}
}

// FuzzAnswers: whatever a server says, a client ends, and takes nothing that is no answer.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"OK\n", "ERR DATA-STALE\n", "VAR ups a \"b\"\n", "BEGIN LIST CMD ups\nCMD ups a\nEND LIST CMD ups\n", "\x00\n", "\"", strings.Repeat("a", 3000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, ask := range []func(*Client) error{
			func(c *Client) error { _, err := c.Var(t.Context(), "ups", "a"); return err },
			func(c *Client) error { _, err := c.List(t.Context(), "CMD", "ups"); return err },
			func(c *Client) error { return c.InstCmd(t.Context(), "ups", "a") },
		} {
			ours, theirs := net.Pipe()
			c := New(ours)
			go func() {
				defer theirs.Close()
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
				_, _ = theirs.Write(said)
			}()
			_ = ask(c)
			c.Close()
		}
	})
}
