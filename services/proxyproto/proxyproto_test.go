package proxyproto

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"io"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func certificate(t testing.TB, name string, more ...string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: more, NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func at(addr string) netip.AddrPort { return netip.MustParseAddrPort(addr) }

// TestRoundTrip: what a relay knows is what the server is told, and not a byte more is taken.
func TestRoundTrip(t *testing.T) {
	cert := certificate(t, "pc", "pc.example.org")
	for name, tt := range map[string]struct{ in, want Client }{
		"IPv4":           {Client{From: at("192.0.2.1:5"), To: at("192.0.2.2:401")}, Client{From: at("192.0.2.1:5"), To: at("192.0.2.2:401")}},
		"IPv6":           {Client{From: at("[2001:db8::1]:5"), To: at("[2001:db8::2]:401")}, Client{From: at("[2001:db8::1]:5"), To: at("[2001:db8::2]:401")}},
		"both at once":   {Client{From: at("[::ffff:192.0.2.1]:5"), To: at("[::ffff:192.0.2.2]:401")}, Client{From: at("192.0.2.1:5"), To: at("192.0.2.2:401")}},
		"a zone":         {Client{From: at("[fe80::1%eth0]:5"), To: at("[fe80::2%eth0]:401")}, Client{From: at("[fe80::1]:5"), To: at("[fe80::2]:401")}},
		"TLS":            {Client{at("192.0.2.1:5"), at("192.0.2.2:401"), "TLSv1.3", nil}, Client{at("192.0.2.1:5"), at("192.0.2.2:401"), "TLSv1.3", nil}},
		"a certificate":  {Client{at("[2001:db8::1]:5"), at("[2001:db8::2]:401"), "TLSv1.2", cert}, Client{at("[2001:db8::1]:5"), at("[2001:db8::2]:401"), "TLSv1.2", cert}},
		"a nameless one": {Client{at("192.0.2.1:5"), at("192.0.2.2:401"), "TLSv1.3", certificate(t, "")}, Client{}},
	} {
		t.Run(name, func(t *testing.T) {
			if !tt.want.From.IsValid() {
				tt.want = tt.in
			}
			header, err := tt.in.Encode()
			if err != nil {
				t.Fatal(err)
			}
			r := bytes.NewReader(append(header, "VER\n"...))
			got, err := Read(r)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
			if rest, _ := io.ReadAll(r); string(rest) != "VER\n" {
				t.Errorf("%q is left", rest)
			}
			for n := range header {
				if _, err := Read(bytes.NewReader(header[:n])); err == nil {
					t.Errorf("%d bytes of %d will do", n, len(header))
				}
			}
		})
	}
}

// TestWire: the header is as the specification has it, byte by byte.
func TestWire(t *testing.T) {
	header, err := Client{From: at("192.0.2.1:1"), To: at("192.0.2.2:401"), TLS: "TLSv1.3"}.Encode()
	const want = "0d0a0d0a000d0a515549540a" + "21" + "11" + "001e" + "c0000201" + "c0000202" + "0001" + "0191" +
		"20" + "000f" + "01" + "00000001" + "21" + "0007" + "544c5376312e33"
	if got := hex.EncodeToString(header); err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestNotEncoded(t *testing.T) {
	var names []string
	for range 200 {
		names = append(names, strings.Repeat("a", 30)+".example.org")
	}
	for name, c := range map[string]Client{
		"no addresses":       {},
		"of two families":    {From: at("192.0.2.1:5"), To: at("[2001:db8::2]:401")},
		"a long certificate": {at("192.0.2.1:5"), at("192.0.2.2:401"), "TLSv1.3", certificate(t, "pc", names...)},
	} {
		if header, err := c.Encode(); err == nil {
			t.Errorf("%s: %x", name, header)
		}
	}
}

// parts of headers that are not taken.
const (
	signature = "0d0a0d0a000d0a515549540a"
	addresses = "c0000201c000020200010191"
)

// TestNotParsed: what is no header, of another version, of no client over TCP, or not whole is refused. A certificate that was not verified is none.
func TestNotParsed(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                "",
		"a line":                 hex.EncodeToString([]byte("GET VAR ups ups.status\n")),
		"version 1":              hex.EncodeToString([]byte("PROXY TCP4 192.0.2.1 192.0.2.2 5 401\r\n")),
		"version 3":              signature + "3111000c" + addresses,
		"local":                  signature + "20000000",
		"UDP":                    signature + "2112000c" + addresses,
		"a unix socket":          signature + "213100d8" + strings.Repeat("00", 216),
		"no family":              signature + "21000000",
		"half an address":        signature + "21110006" + addresses[:12],
		"more than a length":     signature + "2111000c" + addresses + "00",
		"65535 bytes":            signature + "2111ffff" + addresses,
		"half a TLV":             signature + "2111000e" + addresses + "2000",
		"TLS without a version":  signature + "21110014" + addresses + "20" + "0005" + "01" + "00000001",
		"TLS, too short":         signature + "21110010" + addresses + "20" + "0001" + "01",
		"a certificate of junk":  signature + "21110023" + addresses + "20" + "0014" + "07" + "00000000" + "210007544c5376312e33" + "280002" + "3000",
		"a sub-TLV beyond bound": signature + "21110017" + addresses + "20" + "0008" + "01" + "00000001" + "21ffff",
	} {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if c, err := Parse(data); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	const unverified = signature + "21110023" + addresses + "20" + "0014" + "07" + "00000001" + "210007544c5376312e33" + "280002" + "3000"
	data, _ := hex.DecodeString(unverified)
	if c, err := Parse(data); err != nil || c.Cert != nil || c.TLS != "TLSv1.3" {
		t.Errorf("not verified: %+v, %v", c, err)
	}
}

// FuzzParse: whatever is taken has a client's address, and says the same again.
func FuzzParse(f *testing.F) {
	for _, c := range []Client{{From: at("192.0.2.1:5"), To: at("192.0.2.2:401")}, {at("[2001:db8::1]:5"), at("[2001:db8::2]:401"), "TLSv1.3", certificate(f, "pc")}} {
		header, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		c, err := Parse(header)
		if read, e := Read(bytes.NewReader(header)); (err == nil) != (e == nil) && err == nil || err == nil && !reflect.DeepEqual(c, read) {
			t.Errorf("parsed %+v, %v; read %+v, %v", c, err, read, e)
		}
		if err != nil {
			return
		}
		if !c.From.IsValid() || c.Cert != nil && c.TLS == "" {
			t.Errorf("%+v", c)
		}
		again, err := c.Encode()
		if err != nil {
			return // addresses of two families, one of which the header calls by the other's
		}
		if back, err := Parse(again); err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%+v, %v, want %+v", back, err, c)
		}
	})
}
