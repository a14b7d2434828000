package main

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/nut"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// namespace is a network of its own, and a thread in it. Sockets stay where they were made.
type namespace struct{ jobs chan func() }

func newNamespace(t *testing.T) (*namespace, netns.NsHandle) {
	t.Helper()
	n := &namespace{make(chan func())}
	made := make(chan error, 1)
	var handle netns.NsHandle
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var err error
		handle, err = netns.New()
		made <- err
		for job := range n.jobs {
			job()
		}
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(n.jobs); handle.Close() })
	return n, handle
}

// do runs f inside.
func (n *namespace) do(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	n.jobs <- func() { done <- f() }
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// up gives an interface an address.
func up(name, addr string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	a, err := netlink.ParseAddr(addr)
	if err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(link, a), netlink.LinkSetUp(link))
}

// TestClientVanishes pulls the cable of a client that is logged in: it is logged out, and one that is only silent is not.
func TestClientVanishes(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("network namespaces need root, and CI must test them")
		}
		t.Skip("network namespaces need root")
	}
	t.Parallel()
	near, _ := newNamespace(t)
	far, farHandle := newNamespace(t)
	near.do(t, func() error {
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "card"}, PeerName: "client"}); err != nil {
			return err
		}
		peer, err := netlink.LinkByName("client")
		if err != nil {
			return err
		}
		return errors.Join(netlink.LinkSetNsFd(peer, int(farHandle)), up("card", "10.93.0.1/24"))
	})
	far.do(t, func() error { return up("client", "10.93.0.2/24") })

	cfg := &config.Config{Users: []config.User{{Name: "mon", Password: "mon-secret", Upsmon: "secondary"}}}
	host := newHost(cfg, options{}, slog.New(slog.DiscardHandler))
	host.Registry.Find("ups").Store().Set(storeOf("OL").Get())
	var ln *net.TCPListener
	near.do(t, func() (err error) { ln, err = listen.TCP(t.Context(), "10.93.0.1:0"); return })
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- nut.NewServer(host, nut.Limits{Conns: 10}).Serve(ctx, ln) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()

	login := func(n *namespace) *client {
		t.Helper()
		var conn net.Conn
		n.do(t, func() (err error) { conn, err = net.Dial("tcp", ln.Addr().String()); return })
		t.Cleanup(func() { conn.Close() })
		c := &client{t, conn, bufio.NewReader(conn)}
		c.say("USERNAME mon\nPASSWORD mon-secret\nLOGIN ups\n")
		c.expect("OK\nOK\nOK\n")
		return c
	}
	near.do(t, func() error { return up("lo", "10.93.1.1/32") })
	silent := login(near)
	login(far)
	silent.say("LIST CLIENT ups\n")
	silent.expect("BEGIN LIST CLIENT ups\nCLIENT ups 10.93.0.1\nCLIENT ups 10.93.0.2\nEND LIST CLIENT ups\n")

	far.do(t, func() error {
		link, err := netlink.LinkByName("client")
		if err != nil {
			return err
		}
		return netlink.LinkSetDown(link)
	})
	cut := time.Now()
	u := host.Registry.Find("ups")
	for u.Logins() != 1 {
		if time.Since(cut) > 2*patience {
			t.Fatal("the client is still logged in")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if took := time.Since(cut); took < listen.KeepAlive.Idle || took > 30*time.Second {
		t.Errorf("logged out after %v", took)
	} else {
		t.Logf("logged out after %v", took)
	}
	silent.say("LIST CLIENT ups\n")
	silent.expect("BEGIN LIST CLIENT ups\nCLIENT ups 10.93.0.1\nEND LIST CLIENT ups\n")
}
