package certbundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// need skips where a program is missing, and fails under CI.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// subjects are names in DER, each of attributes of one type of text or another.
func subjects(t testing.TB) map[string][]byte {
	cn, o := asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{2, 5, 4, 10}
	text := func(kind asn1.ObjectIdentifier, tag int, value string) []attribute {
		return []attribute{{kind, asn1.RawValue{Tag: tag, Bytes: []byte(value)}}}
	}
	all := make(map[string][]byte)
	for name, sets := range map[string][][]attribute{
		"utf8":       {text(cn, asn1.TagUTF8String, "upscard CA 01234567")},
		"printable":  {text(o, asn1.TagPrintableString, "  Two   Words "), text(cn, asn1.TagPrintableString, "CA")},
		"umlauts":    {text(cn, asn1.TagUTF8String, "KÄRTCHEN Ä")},
		"latin1":     {text(cn, asn1.TagT61String, "K\xc4rtchen")},
		"bmp":        {text(cn, asn1.TagBMPString, "\x00U\x20\xac\x00s")},
		"universal":  {text(cn, tagUniversalString, "\x00\x00\x00U\x00\x01\xf5\x0c")},
		"ia5":        {text(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, asn1.TagIA5String, "Root@Example.ORG")},
		"tab":        {text(cn, asn1.TagUTF8String, "a\tB")},
		"one set":    {append(text(cn, asn1.TagUTF8String, "B"), text(o, asn1.TagUTF8String, "A")...)},
		"bit string": {[]attribute{{asn1.ObjectIdentifier{2, 5, 4, 45}, asn1.RawValue{Tag: asn1.TagBitString, Bytes: []byte{0, 0xaa}}}}},
		"empty":      {},
	} {
		var body []byte
		for _, set := range sets {
			der, err := asn1.MarshalWithParams(set, "set")
			if err != nil {
				t.Fatal(err)
			}
			body = append(body, der...)
		}
		der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
		if err != nil {
			t.Fatal(err)
		}
		all[name] = der
	}
	return all
}

func TestHashLikeOpenSSL(t *testing.T) {
	need(t, "openssl")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, subject := range subjects(t) {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: subject, NotAfter: time.Now()}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("openssl", "x509", "-noout", "-hash")
		cmd.Stdin = bytes.NewReader(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if got, err := Hash(subject); err != nil || got != strings.TrimSpace(string(out)) {
			t.Errorf("%s: %s, %v, openssl says %s", name, got, err, out)
		}
	}
}

// TestHash holds without openssl.
func TestHash(t *testing.T) {
	der, err := asn1.Marshal(pkix.Name{CommonName: "upscard CA 01234567"}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Hash(der); err != nil || got != "8157a20a" {
		t.Error(got, err)
	}
	for _, wrong := range []string{"", "05", "3000ff", "3003020101", "31023000"} {
		der, _ := hex.DecodeString(wrong)
		if got, err := Hash(der); err == nil {
			t.Errorf("%s: %s", wrong, got)
		}
	}
}

func FuzzHash(f *testing.F) {
	for _, der := range subjects(f) {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if got, err := Hash(der); err == nil && len(got) != 8 {
			t.Error(got)
		}
	})
}
