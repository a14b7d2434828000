package config

import (
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2/unstable"
)

// TLS is [tls]. Its zero value has none.
type TLS struct {
	StartTLS         string   // TLSOn: who asks for it has it, TLSRequired: who does not is told nothing, "": nobody has it
	Names            []string // names and addresses in the card's own certificate, besides those that it knows of
	Certificate, Key string   // PEM, in the place of the card's own; "" where not given
	CertRequest      string   // CertRequested, CertRequired or "": clients are asked for no certificate
	ClientCA         string   // PEM, who vouches for clients; "" is the card itself
}

// Values of StartTLS and CertRequest.
const (
	TLSOn         = "on"
	TLSRequired   = "required"
	CertRequested = "request"
	CertRequired  = "require"
)

const (
	tableTLS       = "tls"
	off            = "off"
	keyStartTLS    = "starttls"
	keyCertRequest = "certrequest"
	keyCertificate = "certificate"
	keyKey         = "key"
	keyCert        = "cert"

	maxPEM      = 16 << 10 // bytes
	maxTLSNames = 16
)

// tlsKeys are the keys of [tls]. Whether certificates are good is not for this package to know: it is in every program of the card.
var tlsKeys = []rule[TLS]{
	{keyStartTLS, func(t *TLS, v value) (err error) {
		t.StartTLS, err = choice(v, off, TLSOn, TLSRequired)
		t.StartTLS = strings.TrimPrefix(t.StartTLS, off)
		return
	},
		func(t TLS) string {
			if t.StartTLS == "" && !reflect.DeepEqual(t, TLS{}) {
				return showText(off)
			}
			return showText(t.StartTLS)
		}, "`off`, `on` or `required`", "must be given, else there is no `[tls]`",
		"`off`: STARTTLS is refused at the NUT server's own port. `on`: a client that asks for TLS gets it, others are served in the clear. `required`: in the clear nothing is to be had."},
	{"names", func(t *TLS, v value) (err error) { t.Names, err = some(v, maxTLSNames, serverName); return },
		func(t TLS) string { return showList(t.Names) }, "name or IP address, or list of up to 16", "none",
		"What else clients call the card. Its own certificate has its host name, that with `.local`, and the address that the client has connected to."},
	{keyCertificate, func(t *TLS, v value) (err error) { t.Certificate, err = pemText(v, "CERTIFICATE"); return },
		func(t TLS) string { return showText(t.Certificate) }, "PEM, at most 16 KB", "the card's own",
		"The server's certificate, then those between it and its authority."},
	{keyKey, func(t *TLS, v value) (err error) {
		t.Key, err = pemText(v, "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")
		return
	},
		func(t TLS) string { return showText(t.Key) }, "PEM, at most 16 KB", "the card's own", "The key of `certificate`."},
	{keyCertRequest, func(t *TLS, v value) (err error) {
		t.CertRequest, err = choice(v, "no", CertRequested, CertRequired)
		t.CertRequest = strings.TrimPrefix(t.CertRequest, "no")
		return
	},
		func(t TLS) string { return showText(t.CertRequest) }, "`no`, `request` or `require`", "`no`",
		"Whether clients show a certificate: not asked for (0 of NUT's CERTREQUEST), shown if they have one (1), without one they are sent away (2)."},
	{"clientca", func(t *TLS, v value) (err error) { t.ClientCA, err = pemText(v, "CERTIFICATE"); return },
		func(t TLS) string { return showText(t.ClientCA) }, "PEM, at most 16 KB", "the card",
		"The authorities that sign clients' certificates."},
}

// tlsSection is [tls], which is checked as a whole.
type tlsSection struct {
	keys  section[TLS]
	given map[string]int // keys, with their places in bytes
}

func newTLSSection() tlsSection {
	return tlsSection{section[TLS]{table: tableTLS, rules: tlsKeys}, make(map[string]int)}
}

func (t *tlsSection) apply(r *report, to *TLS, s setting) {
	if len(s.path) > 1 {
		if _, known := find(tlsKeys, s.path[1].name); known {
			t.given[s.path[1].name] = s.path[1].offset
		}
	}
	t.keys.applyTable(r, to, s)
}

func (t *tlsSection) finish(r *report, c *Config, users *entries[User]) {
	if _, ok := t.given[keyStartTLS]; !ok && len(t.given) > 0 {
		r.addf(slices.Min(slices.Collect(maps.Values(t.given))), "[%s]: there is no %s", tableTLS, keyStartTLS)
	}
	if c.TLS.CertRequest == CertRequired && c.TLS.StartTLS != TLSRequired {
		r.addf(t.given[keyCertRequest], "%s: who has no certificate would come in the clear: it takes %s = %q", keyCertRequest, keyStartTLS, TLSRequired)
	}
	for _, pair := range [][2]string{{keyCertificate, keyKey}, {keyKey, keyCertificate}} {
		at, one := t.given[pair[0]]
		if _, other := t.given[pair[1]]; one && !other {
			r.addf(at, "%s: there is no %s", pair[0], pair[1])
		}
	}
	for _, x := range users.list {
		if place, ok := x.places[keyCert]; ok && (c.TLS.CertRequest == "" || c.TLS.StartTLS == "" && !c.TLSShim.On) {
			r.addf(place, "%s: no client is asked for a certificate: it takes %s = %q in [%s]", keyCert, keyCertRequest, CertRequested, tableTLS)
		}
	}
}

// pemText accepts blocks of those types. Its errors repeat nothing: it may be a key.
func pemText(v value, types ...string) (string, error) {
	want := fmt.Sprintf("PEM in quotes, which begins with -----BEGIN %s-----", types[0])
	switch {
	case v.kind != unstable.String:
		return "", wrongType(want, v)
	case len(v.text) > maxPEM:
		return "", fmt.Errorf("want at most %d bytes, got %d", maxPEM, len(v.text))
	case strings.ContainsFunc(v.text, func(r rune) bool { return r != '\n' && r != '\r' && !unicode.IsPrint(r) }):
		return "", errors.New("want PEM without control characters")
	}
	found := false
	for rest := []byte(v.text); ; found = true {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if !slices.Contains(types, block.Type) {
			return "", fmt.Errorf("want %s, got one that begins with -----BEGIN %.30s-----", want, block.Type)
		}
	}
	if !found {
		return "", fmt.Errorf("want %s", want)
	}
	return v.text, nil
}

// serverName accepts a name or an address of the card.
func serverName(v value) (string, error) {
	const want = `a name or an IP address in quotes, as "ups.example.org"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	if a, err := netip.ParseAddr(v.text); err == nil && a.Zone() == "" {
		return a.String(), nil
	}
	if len(v.text) > 253 || !domainPattern.MatchString(v.text) {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

// certificate accepts the name in a certificate, or its SHA-256, which becomes 64 digits in lower case.
func certificate(v value) (string, error) {
	name, err := text(v, 253)
	if err != nil {
		return "", err
	}
	digits := strings.ToLower(strings.ReplaceAll(name, ":", ""))
	if sum, err := hex.DecodeString(digits); err == nil && len(sum) == 32 {
		return digits, nil
	}
	return name, nil
}
