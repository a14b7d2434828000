package guests

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestList: no place may have all of the room, and programs on the card have no place.
func TestList(t *testing.T) {
	g := NewList(6, 2)
	at := func(addr string) netip.Prefix {
		return Of(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 1))).Place
	}
	for _, step := range []struct {
		addr string
		want Entry
	}{
		{"192.0.2.1", Welcome}, {"::ffff:192.0.2.1", Welcome}, {"192.0.2.1", TooManyThere}, {"192.0.2.2", Welcome},
		{"2001:db8::1", Welcome}, {"2001:db8::2", Welcome}, {"2001:db8::3", TooManyThere}, {"127.0.0.1", Welcome}, {"::1", TooMany},
	} {
		if got := g.Enter(at(step.addr)); got != step.want {
			t.Errorf("%s: %v, want %v", step.addr, got, step.want)
		}
	}
	for _, addr := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "127.0.0.1"} {
		g.Leave(at(addr))
	}
	if g.all != 0 || len(g.of) != 0 {
		t.Errorf("%d are left, %v", g.all, g.of)
	}
}

// TestTurns: no place takes the turns of all others, and who finds none waits for one.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, mostOf, patience = 8, 3, 10 * time.Second
		turns := NewTurns(most, mostOf)
		first, other := At(netip.MustParseAddr("192.0.2.1")).Place, At(netip.MustParseAddr("192.0.2.2")).Place
		var leaves []func()
		take := func(from netip.Prefix) {
			t.Helper()
			leave, err := turns.Take(from, patience)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		for range mostOf {
			take(first)
		}
		if _, err := turns.Take(first, patience); err == nil || err.Error() != "3 others of that address are not finished" {
			t.Errorf("one address has more than %d: %v", mostOf, err)
		}
		for range most - mostOf {
			take(netip.Prefix{})
		}
		begun := time.Now()
		if _, err := turns.Take(other, patience); err == nil || err.Error() != "8 others are not finished" || time.Since(begun) != patience {
			t.Errorf("more than %d: %v, after %v", most, err, time.Since(begun))
		}
		time.AfterFunc(patience/2, leaves[0])
		take(other)
		for _, leave := range leaves[1:] {
			leave()
		}
		if n := turns.Len(); n != 0 {
			t.Errorf("left over: %d", n)
		}
	})
}
