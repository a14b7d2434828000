package config

// NIS is [nis]: apcupsd's network information server. Its zero value serves the first UPS to everybody.
type NIS struct {
	Off    bool
	Listen []string // addresses as the NUT server's, those of the first UPS; none is DefaultNISListen
	UPS    []string // which have a port each, one after the other; none is the first of the configuration
	Format string   // NISOld, or "" for apcupsd 3.14's
}

const (
	tableNIS = "nis"

	// DefaultNISListen is the port of apcupsd, on every address.
	DefaultNISListen = ":3551"

	// NISOld is the form of the records before apcupsd 3.14.
	NISOld = "old"
)

// nisKeys are the keys of [nis].
var nisKeys = []rule[NIS]{
	{"enabled", func(n *NIS, v value) error {
		on := true
		err := setFlag(&on, v)
		n.Off = !on
		return err
	},
		func(n NIS) string {
			if n.Off {
				return "false"
			}
			return ""
		},
		"`true` or `false`", "`true`", "Whether apcupsd's clients are served. They can only read."},
	{"listen", func(n *NIS, v value) (err error) { n.Listen, err = addresses(v); return }, func(n NIS) string { return showList(n.Listen) },
		`list of 1 to 32 "HOST:PORT"`, `[":3551"]`, "Where they reach the first UPS. Each further one has the next port, 3552 and so on."},
	{"ups", func(n *NIS, v value) (err error) { n.UPS, err = some(v, maxEntries, upsName); return }, func(n NIS) string { return showList(n.UPS) },
		"name of a UPS, or list of up to 64", "the first of this file, else `ups`", "The UPSes that are served. The protocol knows no names, so each has a port of its own."},
	{"format", func(n *NIS, v value) (err error) {
		n.Format, err = choice(v, "3.14", NISOld)
		if n.Format == "3.14" {
			n.Format = ""
		}
		return
	}, func(n NIS) string { return showText(n.Format) },
		"`3.14` or `old`", "`3.14`", "The form of the records: that of apcupsd 3.14, or the one before, for clients that know no other."},
}
