package certbundle

import (
	"crypto/sha1"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Hash returns the name that a certificate with that subject, in DER, has in a directory where OpenSSL looks for it: 8 hexadecimal digits,
// as `openssl x509 -hash` prints them. Certificates that share it are told apart by a number behind a point.
//
// OpenSSL hashes the subject's canonical form (x509(7ssl) has no word on it; crypto/x509/x_name.c has): each text as UTF-8 in lower
// case with single blanks, the sets one after the other without the sequence around them.
func Hash(subject []byte) (string, error) {
	var name []asn1.RawValue
	if rest, err := asn1.Unmarshal(subject, &name); err != nil || len(rest) > 0 {
		return "", errors.New("the subject is no name")
	}
	var canonical []byte
	for _, set := range name {
		der, err := canonicalSet(set.FullBytes)
		if err != nil {
			return "", err
		}
		canonical = append(canonical, der...)
	}
	sum := sha1.Sum(canonical)
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:])), nil
}

// attribute is AttributeTypeAndValue (RFC 5280, 4.1.2.4).
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

func canonicalSet(der []byte) ([]byte, error) {
	var set []attribute
	if rest, err := asn1.UnmarshalWithParams(der, &set, "set"); err != nil || len(rest) > 0 {
		return nil, errors.New("a part of the subject is no set of attributes")
	}
	for i := range set {
		if text, ok := decode(set[i].Value); ok {
			text = lower(strings.Join(strings.FieldsFunc(text, isBlank), " "))
			set[i].Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)}
		}
	}
	return asn1.MarshalWithParams(set, "set")
}

const tagUniversalString = 28

// decode returns a value's text; what is none to OpenSSL stays as it is.
func decode(v asn1.RawValue) (string, bool) {
	if v.Class != asn1.ClassUniversal {
		return "", false
	}
	switch v.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String:
		return string(v.Bytes), true
	case asn1.TagT61String: // taken for Latin-1
		runes := make([]rune, len(v.Bytes))
		for i, b := range v.Bytes {
			runes[i] = rune(b)
		}
		return string(runes), true
	case asn1.TagBMPString:
		units := make([]uint16, len(v.Bytes)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(v.Bytes[2*i:])
		}
		return string(utf16.Decode(units)), true
	case tagUniversalString:
		runes := make([]rune, len(v.Bytes)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(v.Bytes[4*i:]))
		}
		return string(runes), true
	}
	return "", false
}

// isBlank and lower know ASCII only, as OpenSSL does.
func isBlank(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
