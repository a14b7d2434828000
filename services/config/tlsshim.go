package config

// TLSShim is [tlsshim]: TLS in front of the NUT server, at a port of its own. Its zero value is none.
type TLSShim struct {
	On     bool
	Listen []string // addresses as the NUT server's; none is DefaultTLSListen
	Old    bool     // TLS 1.2 will do
}

const (
	tableTLSShim = "tlsshim"

	// DefaultTLSListen is the port of RFC 9271's service "ups", on every address.
	DefaultTLSListen = ":401"
)

// Addresses are those that are listened to.
func (t TLSShim) Addresses() []string {
	if len(t.Listen) == 0 {
		return []string{DefaultTLSListen}
	}
	return t.Listen
}

// tlsShimKeys are the keys of [tlsshim].
var tlsShimKeys = []rule[TLSShim]{
	{"enabled", func(t *TLSShim, v value) error { return setFlag(&t.On, v) }, func(t TLSShim) string { return showFlag(t.On) },
		"`true` or `false`", "`false`", "Whether clients that begin with TLS, or with `STARTTLS`, and say nothing in the clear are served: UPSmon.py and others as RFC 9271 has them."},
	{"listen", func(t *TLSShim, v value) (err error) { t.Listen, err = addresses(v); return }, func(t TLSShim) string { return showList(t.Listen) },
		`list of 1 to 32 "HOST:PORT"`, `[":401"]`, "Where they reach the card."},
	{"minimum", func(t *TLSShim, v value) error {
		version, err := choice(v, "1.3", "1.2")
		t.Old = version == "1.2"
		return err
	}, func(t TLSShim) string {
		if t.Old {
			return showText("1.2")
		}
		return ""
	},
		"`1.3` or `1.2`", "`1.3`", "The oldest version of TLS that will do."},
}
