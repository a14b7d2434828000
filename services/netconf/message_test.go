package netconf

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

func ack(t *testing.T, ip string, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	m, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithYourIP(net.ParseIP(ip))}, modifiers...)...)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := dhcpv4.FromBytes(m.ToBytes())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// show is a lease in one line.
func show(l Lease) string {
	var routes []string
	for _, r := range l.Routes {
		routes = append(routes, fmt.Sprintf("%v>%v", r.To, r.Gateway))
	}
	return fmt.Sprintf("%v %v [%s] %v %q %v %v %v", l.Address, l.Server, strings.Join(routes, " "), l.DNS, l.Domain, l.T1, l.T2, l.Duration)
}

func seconds(code uint8, n uint32) dhcpv4.Modifier {
	return dhcpv4.WithGeneric(dhcpv4.GenericOptionCode(code), []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestLeaseFromACK(t *testing.T) {
	ip := net.ParseIP
	server := dhcpv4.WithOption(dhcpv4.OptServerIdentifier(ip("10.0.0.1")))
	mask := dhcpv4.WithNetmask(net.CIDRMask(24, 32))
	held := Lease{Address: netip.MustParsePrefix("10.0.0.2/20"), Server: netip.MustParseAddr("10.0.0.9")}
	domain := func(name string) dhcpv4.Modifier { return dhcpv4.WithOption(dhcpv4.OptDomainName(name)) }
	tests := []struct {
		name string
		ack  *dhcpv4.DHCPv4
		held Lease
		want string // or what the error contains
	}{
		{"all there", ack(t, "10.0.0.2", server, mask, dhcpv4.WithRouter(ip("10.0.0.1"), ip("10.0.0.9")),
			dhcpv4.WithDNS(ip("1.1.1.1"), ip("0.0.0.0"), ip("8.8.8.8")), domain("home.arpa"), seconds(51, 800), seconds(58, 100), seconds(59, 200)), Lease{},
			`10.0.0.2/24 10.0.0.1 [0.0.0.0/0>10.0.0.1] [1.1.1.1 8.8.8.8] "home.arpa" 1m40s 3m20s 13m20s`},
		{"next to nothing", ack(t, "192.168.1.2"), Lease{}, `192.168.1.2/24 invalid IP [] [] "" 30m0s 52m30s 1h0m0s`},
		{"a renewal that leaves things out", ack(t, "10.0.0.2"), held, `10.0.0.2/20 10.0.0.9 [] [] "" 30m0s 52m30s 1h0m0s`},
		{"for ever", ack(t, "10.0.0.2", mask, seconds(51, 1<<32-1)), Lease{}, `10.0.0.2/24 invalid IP [] [] "" 596523h14m7.5s 1043915h39m43.125s 1193046h28m15s`},
		{"no time at all", ack(t, "10.0.0.2", mask, seconds(51, 0), seconds(58, 0), seconds(59, 0)), Lease{}, `10.0.0.2/24 invalid IP [] [] "" 5s 8.75s 10s`},
		{"times out of order", ack(t, "10.0.0.2", mask, seconds(51, 80), seconds(58, 90), seconds(59, 70)), Lease{}, `10.0.0.2/24 invalid IP [] [] "" 40s 1m10s 1m20s`},
		{"classless routes replace the router", ack(t, "10.0.0.2", mask, dhcpv4.WithRouter(ip("10.0.0.1")), dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(
			&dhcpv4.Route{Dest: &net.IPNet{IP: ip("10.9.0.0"), Mask: net.CIDRMask(16, 32)}, Router: ip("10.0.0.7")},
			&dhcpv4.Route{Dest: &net.IPNet{IP: ip("10.8.0.0"), Mask: net.CIDRMask(16, 32)}, Router: ip("0.0.0.0")}))), Lease{},
			`10.0.0.2/24 invalid IP [10.9.0.0/16>10.0.0.7 10.8.0.0/16>invalid IP] [] "" 30m0s 52m30s 1h0m0s`},
		{"a domain with lines of its own", ack(t, "10.0.0.2", mask, domain("x\nnameserver 6.6.6.6")), Lease{}, `10.0.0.2/24 invalid IP [] [] "" 30m0s 52m30s 1h0m0s`},
		{"no address", ack(t, "0.0.0.0"), Lease{}, "no address for a host"},
		{"loopback", ack(t, "127.0.0.1"), Lease{}, "no address for a host"},
		{"multicast", ack(t, "224.0.0.1"), Lease{}, "no address for a host"},
		{"a mask with holes", ack(t, "10.0.0.2", dhcpv4.WithNetmask(net.IPv4Mask(255, 0, 255, 0))), Lease{}, "no subnet mask"},
		{"an empty mask", ack(t, "10.0.0.2", dhcpv4.WithNetmask(net.IPv4Mask(0, 0, 0, 0))), Lease{}, "no subnet mask"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lease, err := leaseFrom(test.ack, test.held, epoch, shortestDuration)
			got := show(lease)
			if err != nil {
				got = err.Error()
			}
			if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestResolvConf(t *testing.T) {
	l := Lease{Domain: "lan", DNS: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")}}
	if got, want := resolvConf(nil, []Lease{l}), "search lan\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzLease feeds a packet as it comes from the wire through the library and the checks of ours.
func FuzzLease(f *testing.F) {
	m, err := dhcpv4.New(dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 2)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
		dhcpv4.WithRouter(net.IPv4(10, 0, 0, 1)), dhcpv4.WithLeaseTime(60), dhcpv4.WithOption(dhcpv4.OptDomainName("lan")),
		dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(&dhcpv4.Route{Dest: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Router: net.IPv4(10, 0, 0, 1)})))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.ToBytes())
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := dhcpv4.FromBytes(packet)
		if err != nil {
			return
		}
		l, err := leaseFrom(m, Lease{}, epoch, shortestDuration)
		if err != nil {
			return
		}
		if !l.Address.IsValid() || l.Duration < shortestDuration || l.T1 <= 0 || l.T1 >= l.T2 || l.T2 >= l.Duration ||
			len(l.Routes) > maxRoutes || len(l.DNS) > maxDNS || strings.Count(resolvConf(nil, []Lease{l}), "\n") > 1+maxDNS {
			t.Errorf("%s", show(l))
		}
		for _, r := range l.Routes {
			if !r.To.IsValid() {
				t.Errorf("%s", show(l))
			}
		}
	})
}

func TestTimesAreOfTheLease(t *testing.T) {
	l := leaseAt(time.Minute, "10.0.0.2/24")
	for _, p := range []struct {
		got  time.Time
		want time.Duration
	}{{l.Renewal(), 5 * time.Minute}, {l.Rebinding(), 8 * time.Minute}, {l.Expiry(), 9 * time.Minute}} {
		if got := p.got.Sub(epoch); got != p.want {
			t.Errorf("got %v, want %v", got, p.want)
		}
	}
}
