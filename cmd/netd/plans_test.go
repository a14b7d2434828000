package main

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/netconf"
)

func TestPlans(t *testing.T) {
	anyWired := netconf.Plan{DHCP: true}
	for _, test := range []struct {
		file, only string
		want       []netconf.Plan
	}{
		{"", "", []netconf.Plan{anyWired}},
		{"", "veth0", []netconf.Plan{{Name: "veth0", DHCP: true}}},
		{"[network.interfaces.'*']\nipv6 = 'off'\n[network.interfaces.eth1]\n", "",
			[]netconf.Plan{{Name: "eth1", DHCP: true}, {DHCP: true, IPv6: netconf.NoIPv6}}},
		{"[network.interfaces.eth0]\naddress = ['10.0.0.5/24', '2001:db8::5/64']\ngateway = '10.0.0.1'\nipv6 = 'static'\n", "", []netconf.Plan{
			{Name: "eth0", IPv6: netconf.Static, Gateways: []netip.Addr{netip.MustParseAddr("10.0.0.1")},
				Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/24"), netip.MustParsePrefix("2001:db8::5/64")}},
			anyWired}},
		{"[network.interfaces.eth0]\nmethod = 'off'\nipv6 = 'off'\n", "", []netconf.Plan{{Name: "eth0", IPv6: netconf.NoIPv6}, anyWired}},
	} {
		c, err := config.Parse("f", []byte(test.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := plans(c.Network, test.only); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: got %+v, want %+v", test.file, got, test.want)
		}
	}
}
