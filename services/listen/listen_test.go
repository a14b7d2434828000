package listen

import (
	"net"
	"testing"
)

// needIPv6 skips the test on a machine without IPv6.
func needIPv6(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6: ", err)
	}
	ln.Close()
}

func reachable(host, port string) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func TestFamilies(t *testing.T) {
	needIPv6(t)
	tests := []struct {
		addr   string // at any port
		v4, v6 bool   // whether loopback of that family is served
	}{
		{":", true, true},
		{"localhost:", true, false},
		{"0.0.0.0:", true, false},
		{"[::]:", false, true},
		{"127.0.0.1:", true, false},
		{"[::ffff:127.0.0.1]:", true, false},
		{"[::1]:", false, true},
		{"192.0.2.1:", false, false}, // no address of this machine yet
		{"[2001:db8::1]:", false, false},
	}
	for _, tt := range tests {
		ln, err := TCP(t.Context(), tt.addr+"0")
		if err != nil {
			t.Error(err)
			continue
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		if v4, v6 := reachable("127.0.0.1", port), reachable("::1", port); v4 != tt.v4 || v6 != tt.v6 {
			t.Errorf("%s serves IPv4 %t, IPv6 %t", tt.addr, v4, v6)
		}
		ln.Close()
	}
}

// TestSideBySide: both families at one port.
func TestSideBySide(t *testing.T) {
	needIPv6(t)
	for _, hosts := range [][2]string{{"0.0.0.0", "[::]"}, {"[::]", "0.0.0.0"}, {"0.0.0.0", "[::1]"}} {
		ln, err := TCP(t.Context(), hosts[0]+":0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		other, err := TCP(t.Context(), hosts[1]+":"+port)
		if err != nil {
			t.Errorf("beside %s: %v", hosts[0], err)
		} else {
			other.Close()
		}
		ln.Close()
	}
}
