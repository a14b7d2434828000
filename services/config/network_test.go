package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestParseNetwork(t *testing.T) {
	for _, test := range []struct {
		text string
		want Network
	}{
		{"[network]\n[network.interfaces]\n", Network{}},
		{"[network]\nhostname = 'rack-7'\ndns = '192.168.1.1'\nntp = ['pool.ntp.org', '2001:DB8::1']\n",
			Network{Hostname: "rack-7", DNS: addrs("192.168.1.1"), NTP: []string{"pool.ntp.org", "2001:db8::1"}}},
		{"network.interfaces.eth0 = {address = '192.168.1.5/24', gateway = '192.168.1.1'}",
			Network{Interfaces: []Interface{{"eth0", Static, Auto, prefixes("192.168.1.5/24"), addrs("192.168.1.1")}}}},
		{"[network.interfaces.eth1]\naddress = ['2001:db8::5/64', '10.0.0.0/31']\ngateway = ['fe80::1', '10.0.0.1']\nipv6 = 'static'\n[network.interfaces.eth0]\n",
			Network{Interfaces: []Interface{
				{"eth1", Static, Static, prefixes("2001:db8::5/64", "10.0.0.0/31"), addrs("fe80::1", "10.0.0.1")}, {Name: "eth0", Method: DHCP, IPv6: Auto}}}},
		{"[network.interfaces.'*']\nmethod = 'off'\n", Network{Interfaces: []Interface{{Name: "*", Method: Off, IPv6: Auto}}}},
		{"[network.interfaces.eth0]\naddress = '2001:db8::5/64'\n",
			Network{Interfaces: []Interface{{"eth0", DHCP, Auto, prefixes("2001:db8::5/64"), nil}}}},
	} {
		c, err := Parse("f", []byte(test.text))
		if err != nil || !reflect.DeepEqual(c.Network, test.want) {
			t.Errorf("%q: got %+v, %v, want %+v", test.text, c, err, test.want)
		}
	}
}

func TestParseNetworkErrors(t *testing.T) {
	const eth0 = "[network.interfaces.eth0]\n"
	for _, test := range []struct{ text, want string }{
		{"network = 1", "f:1:1: network: want a table, as [network]"},
		{"[network]\nhostnam = 'a'", `f:2:1: unknown key "hostnam" in [network], did you mean "hostname"?`},
		{"[network.interface.eth0]", `f:1:10: unknown key "interface" in [network], did you mean "interfaces"?`},
		{"[network]\nhostname = 'a.b'", `f:2:12: hostname: want letters, digits and inner hyphens in quotes, at most 63, got "a.b"`},
		{"[network]\ndns = ['1.1.1.1', 'dns.lan']", `f:2:19: dns: want an IP address in quotes, as "192.168.1.1", got "dns.lan"`},
		{"[network]\ndns = ['1.1.1.1', '1.1.1.1']", `f:2:19: dns: "1.1.1.1" is listed twice`},
		{"[network]\ndns = '0.0.0.0'", `f:2:7: dns: no host can have the address 0.0.0.0`},
		{"[network]\nntp = 'a b'", `f:2:7: ntp: want a name or an IP address in quotes, as "pool.ntp.org", got "a b"`},
		{"[network.interfaces.lo]", `f:1:21: name "lo": want an interface, as "eth0", or "*" for all wired ones`},
		{"[network.interfaces.'a/b']", `f:1:21: name "a/b": want an interface, as "eth0", or "*" for all wired ones`},
		{eth0 + "method = 'DHCP'", `f:2:10: method: want "dhcp" or "static" or "off", got "DHCP"`},
		{eth0 + "address = '192.168.1.5'", `f:2:11: address: want an IP address with the length of its network in quotes, as "192.168.1.5/24", got "192.168.1.5"`},
		{eth0 + "address = '192.168.1.5/33'", `f:2:11: address: "192.168.1.5/33": the length of its network is 1 to 32`},
		{eth0 + "address = '2001:db8::1/129'", `f:2:11: address: "2001:db8::1/129": the length of its network is 1 to 128`},
		{eth0 + "address = '192.168.1.5/0'", `f:2:11: address: 192.168.1.5/0 leaves no network outside of it`},
		{eth0 + "address = '192.168.1.0/24'", `f:2:11: address: 192.168.1.0/24 is the network itself: give the address of the card in it`},
		{eth0 + "address = '192.168.1.63/26'", `f:2:11: address: 192.168.1.63/26 is the network's broadcast address`},
		{eth0 + "address = '224.0.0.1/24'", `f:2:11: address: no host can have the address 224.0.0.1`},
		{eth0 + "address = ['10.0.0.5/24', '10.0.0.5/24']", `f:2:27: address: "10.0.0.5/24" is listed twice`},
		{eth0 + "address = '10.0.0.5/24'\n[network.interfaces.eth1]\naddress = '10.0.0.5/16'", `f:4:11: address: 10.0.0.5 is given to eth0 already`},
		{eth0 + "address = '10.0.0.5/24'\ngateway = '10.0.1.1'", `f:3:11: gateway: 10.0.1.1 is outside of the interface's networks`},
		{eth0 + "address = '10.0.0.5/24'\ngateway = '10.0.0.5'", `f:3:11: gateway: 10.0.0.5 is the interface's own address`},
		{eth0 + "address = '10.0.0.5/24'\ngateway = '10.0.0.255'", `f:3:11: gateway: 10.0.0.255/24 is the network's broadcast address`},
		{eth0 + "address = '10.0.0.5/24'\ngateway = ['10.0.0.1', '10.0.0.2']", `f:3:1: gateway: 10.0.0.2: there is one of its IP version already`},
		{eth0 + "gateway = '10.0.0.1'", `f:2:11: gateway: 10.0.0.1: an IPv4 gateway goes with method = "static"`},
		{eth0 + "ipv6 = 'off'\ngateway = 'fe80::1'", `f:3:11: gateway: fe80::1: ipv6 is "off"`},
		{eth0 + "method = 'static'", `f:2:10: method: "static" needs an IPv4 address, as address = "192.168.1.5/24"`},
		{eth0 + "method = 'dhcp'\naddress = '10.0.0.5/24'", `f:3:11: address: an IPv4 address is given, but method is "dhcp"`},
		{eth0 + "ipv6 = 'static'", `f:2:8: ipv6: "static" needs an IPv6 address, as address = "2001:db8::5/64"`},
		{eth0 + "ipv6 = 'off'\naddress = '2001:db8::5/64'", `f:3:11: address: an IPv6 address is given, but ipv6 is "off"`},
		{"[network.interfaces.'*']\naddress = '10.0.0.5/24'", `f:2:11: address: all wired interfaces cannot have the same address: name one, as [network.interfaces.eth0]`},
	} {
		_, err := Parse("f", []byte(test.text))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for text, want := range map[string]string{
		"": "any UPS, as ups, ups2 ...; listens on :3493; no users; host upscard; network: every other wired interface by DHCP; " +
			"forced shutdown when on battery and low, then the UPS switches its load off until the mains are back",
		"[ups.a]\n[ups.b]\n[users.m]\npassword='hunter2'\n[network]\nhostname='x'\n[network.interfaces.eth0]\naddress=['10.0.0.5/24','2001:db8::5/64']\n" +
			"gateway='10.0.0.1'\n[network.interfaces.'*']\nmethod='off'\nipv6='off'\n[monitor]\ncharge=30\nonbattery=60\noff='none'\n[notify.log]\ntype='syslog'\nserver='a:514'": "UPS a, b; listens on :3493; users m; host x; " +
			"network: eth0 static 10.0.0.5/24 and 2001:db8::5/64 via 10.0.0.1, every other wired interface off; forced shutdown when on battery and low or at 30 % charge or after 60 s on battery, " +
			"then the load stays on, so machines that halted do not start by themselves; tells log",
	} {
		c, err := Parse("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Summary(); got != want || strings.Contains(got, "hunter2") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
