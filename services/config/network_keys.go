package config

// The keys of [network] and of [network.interfaces.NAME].
var (
	networkKeys = []rule[Network]{
		{"hostname", func(n *Network, v value) (err error) { n.Hostname, err = hostName(v); return },
			func(n Network) string { return showText(n.Hostname) },
			"letters, digits and inner hyphens, at most 63", "`upscard`", "What the card is called, also towards the DHCP server."},
		{"dns", func(n *Network, v value) (err error) { n.DNS, err = some(v, maxServers, hostIP); return },
			func(n Network) string { return showList(n.DNS) },
			"IP address, or list of up to 8", "by DHCP", "Name servers, asked before those that DHCP names. The first three of all are used."},
		{"ntp", func(n *Network, v value) (err error) { n.NTP, err = some(v, maxServers, timeServer); return },
			func(n Network) string { return showList(n.NTP) },
			"name or IP address, or list of up to 8", "`pool.ntp.org`", "Time servers."},
	}
	interfaceKeys = []rule[Interface]{
		{"method", func(i *Interface, v value) (err error) { i.Method, err = choice(v, DHCP, Static, Off); return },
			func(i Interface) string { return showText(i.Method) },
			"`dhcp`, `static` or `off`", "`static` with an IPv4 address, else `dhcp`", "Where IPv4 addresses come from."},
		{"ipv6", func(i *Interface, v value) (err error) { i.IPv6, err = choice(v, Auto, Static, Off); return },
			func(i Interface) string { return showText(i.IPv6) },
			"`auto`, `static` or `off`", "`auto`",
			"Where IPv6 addresses come from: `auto` follows router advertisements, and has the addresses given besides."},
		{"address", func(i *Interface, v value) (err error) { i.Address, err = some(v, maxPrefixes, hostPrefix); return },
			func(i Interface) string { return showList(i.Address) },
			`"ADDRESS/LENGTH", or list of up to 16`, "none", "The card's addresses, IPv4 and IPv6, each with the length of its network."},
		{"gateway", func(i *Interface, v value) (err error) { i.Gateway, err = some(v, 2, hostIP); return },
			func(i Interface) string { return showList(i.Gateway) },
			"IP address, or list of one of each IP version", "by DHCP, by router advertisements",
			"The way out of the network; it must be inside the network of an address, or be a link-local IPv6 address."},
	}
)
