package config

import (
	"reflect"
	"strings"
	"testing"
)

const somePEM = "'''\n-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----'''\n"

var someKey = strings.ReplaceAll(somePEM, "CERTIFICATE", "EC PRIVATE KEY")

func TestTLS(t *testing.T) {
	tests := []struct {
		text string
		want TLS
	}{
		{"", TLS{}},
		{"starttls = 'off'\ncertrequest = 'no'", TLS{}},
		{"starttls = 'off'\nnames = 'a'", TLS{Names: []string{"a"}}},
		{"starttls = 'on'", TLS{StartTLS: TLSOn}},
		{"starttls = 'required'\ncertrequest = 'require'", TLS{StartTLS: TLSRequired, CertRequest: CertRequired}},
		{"starttls = 'on'\nnames = 'ups.example.org'", TLS{StartTLS: TLSOn, Names: []string{"ups.example.org"}}},
		{"starttls = 'on'\nnames = ['10.0.0.1', '2001:DB8::1']", TLS{StartTLS: TLSOn, Names: []string{"10.0.0.1", "2001:db8::1"}}},
		{"starttls = 'on'\nclientca = " + somePEM, TLS{StartTLS: TLSOn, ClientCA: strings.Trim(somePEM, "'\n")}},
	}
	for _, test := range tests {
		c, err := Parse("f", []byte("[tls]\n"+test.text))
		if err != nil || !reflect.DeepEqual(c.TLS, test.want) {
			t.Errorf("%s: got %+v, %v", test.text, c, err)
			continue
		}
		if again, err := Parse("f", Encode(c)); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s: encoded as %s: %+v, %v", test.text, Encode(c), again, err)
		}
	}
}

func TestWrongTLS(t *testing.T) {
	for text, want := range map[string]string{
		"[tls]\nnames = 'a'":     "f:2:1: [tls]: there is no starttls",
		"tls = 1":                "f:1:1: tls: want a table, as [tls]",
		"[tls]\nstarttls = true": `f:2:12: starttls: want "off" or "on" or "required", got true or false`,
		"[tls]\nstartls = 'on'":  `f:2:1: unknown key "startls" in [tls], did you mean "starttls"?`,
		"[tls]\nstarttls = 'on'\ncertrequest = 'require'":                          `f:3:1: certrequest: who has no certificate would come in the clear: it takes starttls = "required"`,
		"[tls]\nstarttls = 'on'\ncertificate = " + somePEM:                         "f:3:1: certificate: there is no key",
		"[tls]\nstarttls = 'on'\nkey = " + someKey:                                 "f:3:1: key: there is no certificate",
		"[tls]\nstarttls = 'on'\nkey = " + someKey + "certificate = " + someKey:    "f:7:15: certificate: want PEM in quotes, which begins with -----BEGIN CERTIFICATE-----, got one that begins with -----BEGIN EC PRIVATE KEY-----",
		"[tls]\nstarttls = 'on'\ncertificate = " + somePEM + "key = 'secret'":      "f:7:7: key: want PEM in quotes, which begins with -----BEGIN PRIVATE KEY-----",
		"[tls]\nstarttls = 'on'\nkey = 'a\u0007'":                                  "",
		"[tls]\nstarttls = 'on'\nnames = '-'":                                      `f:3:9: names: want a name or an IP address in quotes, as "ups.example.org", got "-"`,
		"[users.a]\ncert = 'pc'":                                                   `f:2:8: cert: no client is asked for a certificate: it takes certrequest = "request" in [tls]`,
		"[tls]\nstarttls = 'on'\ncertrequest = 'request'\n[users.a]\nups = 'a'":    "f:4:8: [users.a]: there is no password",
		"[tls]\nstarttls = 'on'\nclientca = '" + strings.Repeat("x", 17<<10) + "'": "f:3:12: clientca: want at most 16384 bytes, got 17408",
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || want != "" && err.Error() != want {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("it tells a key: %v", err)
		}
	}
}

// TestTLSShim: what it is without a word, what it can be told, and that a certificate may be asked for at its port alone.
func TestTLSShim(t *testing.T) {
	for text, want := range map[string]TLSShim{
		"":                             {},
		"[tlsshim]\nenabled = false\n": {},
		"[tlsshim]\nenabled = true\nlisten = ['10.0.0.1:401']\nminimum = '1.2'\n":                                                {On: true, Listen: []string{"10.0.0.1:401"}, Old: true},
		"[tlsshim]\nenabled = true\nminimum = '1.3'\n[tls]\nstarttls = 'off'\ncertrequest = 'request'\n[users.a]\ncert = 'pc'\n": {On: true},
	} {
		c, err := Parse("f", []byte(text))
		if err != nil || !reflect.DeepEqual(c.TLSShim, want) {
			t.Errorf("%s: got %+v, %v", text, c, err)
			continue
		}
		if again, err := Parse("f", Encode(c)); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s: encoded as %s: %+v, %v", text, Encode(c), again, err)
		}
	}
	if got := (TLSShim{}).Addresses(); !reflect.DeepEqual(got, []string{":401"}) {
		t.Error(got)
	}
}

func TestCert(t *testing.T) {
	const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	colons := ""
	for i := 0; i < len(sum); i += 2 {
		colons += ":" + strings.ToUpper(sum[i:i+2])
	}
	for text, want := range map[string]string{"pc": "pc", sum: sum, colons[1:]: sum, "My PC": "My PC", sum[2:]: sum[2:]} {
		c, err := Parse("f", []byte("[tls]\nstarttls = 'on'\ncertrequest = 'request'\n[users.a]\ncert = '"+text+"'"))
		if err != nil || c.Users[0].Cert != want || c.Users[0].Password != "" {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}
