package netconf

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
)

var serverIP = net.IPv4(10, 77, 0, 1).To4()

// manner is how a dhcpServer answers: the last byte of the address that it gives, or one of the constants.
type manner byte

const (
	silent   manner = 0
	refusing manner = 1
	giving   manner = 50
)

// dhcpServer gives leases of some seconds.
type dhcpServer struct {
	mu       sync.Mutex
	manner   manner
	seconds  uint32
	messages []string
}

// newDHCPServer serves on an interface of the calling thread's namespace.
func newDHCPServer(t *testing.T, name string) *dhcpServer {
	t.Helper()
	s := &dhcpServer{manner: giving, seconds: 3}
	server, err := server4.NewServer(name, &net.UDPAddr{Port: dhcpv4.ServerPort}, s.answer)
	check(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve() // fails once it is closed
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return s
}

func (s *dhcpServer) answer(conn net.PacketConn, peer net.Addr, m *dhcpv4.DHCPv4) {
	s.mu.Lock()
	s.messages = append(s.messages, describe(peer, m))
	how, lease := s.manner, s.seconds
	s.mu.Unlock()
	if how == silent {
		return
	}
	kind := dhcpv4.MessageTypeAck
	if m.MessageType() == dhcpv4.MessageTypeDiscover {
		kind = dhcpv4.MessageTypeOffer
	}
	if how == refusing {
		if kind == dhcpv4.MessageTypeOffer {
			return
		}
		kind = dhcpv4.MessageTypeNak
	}
	reply, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(10, 77, 0, byte(how))),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(serverIP)), dhcpv4.WithLeaseTime(lease), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
		dhcpv4.WithRouter(serverIP), dhcpv4.WithDNS(serverIP), dhcpv4.WithOption(dhcpv4.OptDomainName("lan")))
	if err != nil {
		return
	}
	_, _ = conn.WriteTo(reply.ToBytes(), peer) // a lost packet is asked for again
}

// describe says what matters of a client's message: the address that it asks for, the one that it has, from where it came, its name.
func describe(peer net.Addr, m *dhcpv4.DHCPv4) string {
	words := []string{strings.ToLower(m.MessageType().String())}
	if ip := m.RequestedIPAddress(); ip != nil {
		words = append(words, "for "+ip.String())
	}
	if !m.ClientIPAddr.IsUnspecified() {
		from := peer.(*net.UDPAddr).IP
		if from.Equal(net.IPv4bcast) { // as the library writes an unspecified source
			from = net.IPv4zero
		}
		words = append(words, fmt.Sprintf("of %v from %v", m.ClientIPAddr, from))
	}
	return strings.Join(append(words, m.HostName()), " ")
}

func (s *dhcpServer) set(m manner, seconds uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner, s.seconds = m, seconds
}

// forget drops what was sent so far.
func (s *dhcpServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = nil
}

func (s *dhcpServer) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.messages, "\n") + "\n"
}

// awaitSent waits until the client has sent the message.
func (s *dhcpServer) awaitSent(t *testing.T, message string) {
	t.Helper()
	limit := time.Now().Add(15 * time.Second)
	for !strings.Contains("\n"+s.sent(), "\n"+message+"\n") {
		if time.Now().After(limit) {
			t.Fatalf("the client has not sent %q but\n%s", message, s.sent())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// lockThread keeps the test on its thread, whose namespace it changes.
func lockThread(t *testing.T) {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}
