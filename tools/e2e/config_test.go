package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// What the file says of the network holds: host name, static addresses, the way out, name servers. No program but upsd can read passwords.
func TestNetworkConfiguration(t *testing.T) {
	m := boot(t, setup{config: `
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
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	for command, want := range map[string]string{
		"hostname":              `^rack-7$`,
		"ip addr":               `(?s)10\.0\.2\.15/24.*fd12:3456::5/64`,
		"cat /proc/net/route":   `eth0\s+00000000\s+0202000A\s`, // by 10.0.2.2
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

// A file that became wrong leaves the last good one in force, name and all, and the console says where the mistake is.
func TestLastGoodConfiguration(t *testing.T) {
	m := boot(t, setup{config: "[network]\nhostname = \"rack-7\"\n[ups.rack]\n"})
	m.awaitAnswer("rack", "ups.status", "^OL", patience)
	m.shell("mount -t vfat -o remount,rw /dev/vda1 /boot && echo 'descr = 1' > /boot/upscard.toml && sync")
	mark := m.restart("reboot")
	ctx, cancel := within(t, patience)
	defer cancel()
	line, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(`upscard: /boot/upscard\.toml:\d+:\d+: `))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(line.Text)
	m.awaitAnswer("rack", "ups.status", "^OL", patience)
	if got := m.shell("hostname"); strings.TrimSpace(got) != "rack-7" {
		t.Errorf("the host is called %q", got)
	}
}
