package main

import (
	"net"
	"testing"
)

// An address of one IP version leaves the other one to another address.
func TestListenOnBothVersions(t *testing.T) {
	first, err := listen(t.Context(), []string{"0.0.0.0:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer first[0].Close()
	_, port, err := net.SplitHostPort(first[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	second, err := listen(t.Context(), []string{"[::]:" + port})
	if err != nil {
		t.Fatal(err)
	}
	second[0].Close()
	for addr, want := range map[string]string{":1": "tcp", "localhost:1": "tcp", "0.0.0.0:1": "tcp4", "10.0.0.1:1": "tcp4", "[::]:1": "tcp6", "[fe80::1%eth0]:1": "tcp6"} {
		if got := network(addr); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
}
