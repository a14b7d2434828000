package config

// MDNS is [mdns]: how the card is found by those on its network. Its zero value is a card that is found by its host name.
type MDNS struct {
	Off  bool
	Name string // of its services, "" where not given
}

const tableMDNS = "mdns"

// mdnsKeys are the keys of [mdns].
var mdnsKeys = []rule[MDNS]{
	{"enabled", func(m *MDNS, v value) error {
		on := true
		err := setFlag(&on, v)
		m.Off = !on
		return err
	},
		func(m MDNS) string {
			if m.Off {
				return "false"
			}
			return ""
		},
		"`true` or `false`", "`true`", "Whether the card and its services are announced on the network, as `HOSTNAME.local`, `_nut._tcp` and others, by multicast DNS."},
	{"name", func(m *MDNS, v value) (err error) { m.Name, err = text(v, 63); return }, func(m MDNS) string { return showText(m.Name) },
		"text, at most 63 bytes", "the host name", "What the services are called in lists. Where another machine has the name already, a number is added, as to the host name."},
}
