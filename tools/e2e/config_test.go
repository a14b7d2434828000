package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// What the file says of the network holds: host name, static addresses, the way out, name servers. No program but upsd can read passwords.
func TestNetworkConfiguration(t *testing.T) {
	m := bootReady(t, setup{config: `
[network]
hostname = "rack-7"
dns = ["192.0.2.53"]

[network.interfaces.eth0]
address = ["10.0.2.15/24", "fd12:3456::5/64"]
gateway = "10.0.2.2"

[users.monitor]
password = "long and secret"
upsmon = "secondary"
`})
	for command, want := range map[string]string{
		"hostname":              `^rack-7$`,
		"ip addr":               `(?s)10\.0\.2\.15/24.*fd12:3456::5/64`,
		"ip route":              `default via 10\.0\.2\.2 dev eth0`,
		"cat /etc/resolv.conf":  `^nameserver 192\.0\.2\.53$`,
		"cat /run/confd/upsd.*": `long and secret`,
		"ls -l /run/confd":      `(?m)^-rw-r----- .*upsd\.owner\.toml$`,
		"grep -c secret /run/confd/netd.owner.toml /run/confd/usbhid-ups.owner.toml || true": `^[^1-9]*$`,
	} {
		if got := strings.TrimSpace(m.shell(command)); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s printed\n%s\nwant %s", command, got, want)
		}
	}
}
