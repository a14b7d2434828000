package mdns

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	domain      = "local."
	maxLabel    = 63 // bytes (RFC 1035, section 2.3.4)
	enumeration = "_services._dns-sd._udp." + domain
)

// label writes text as one label of a name, as miekg/dns reads it: with what has a meaning there escaped.
func label(text string) string {
	var b strings.Builder
	for _, c := range []byte(cut(text, maxLabel)) {
		switch {
		case strings.IndexByte(`. '@;()"\`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// txt writes text as one string of a TXT record, as miekg/dns reads it.
func txt(text string) string {
	var b strings.Builder
	for _, c := range []byte(cut(text, 255)) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// cut shortens text to at most n bytes, at the border of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// fold makes equal what DNS takes for equal: ASCII letters count in either case (RFC 6762, section 16).
func fold(name string) string {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			b := []byte(name)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return name
}

func hostName(n Names) string { return label(n.Host) + "." + domain }

// instanceName is that of a service. The machine's part of it gives way where there is no room for both.
func instanceName(n Names, s Service) string {
	name := n.Instance
	if s.Name != "" {
		name = cut(name, max(0, maxLabel-len(s.Name)-1)) + " " + s.Name
	}
	return label(name) + "." + s.Type + "." + domain
}

// another returns the next name to try, as "card-2" or "card (2)" (RFC 6762, section 9; RFC 6763, appendix D). wanted is the owner's.
func another(wanted, last, open, end string) string {
	n := 1
	if rest, ok := strings.CutSuffix(last, end); ok {
		if i := strings.LastIndex(rest, open); i >= 0 && strings.HasPrefix(wanted, rest[:i]) {
			if k := number(rest[i+len(open):]); k > 1 && last != wanted {
				n = k
			}
		}
	}
	suffix := fmt.Sprint(open, n+1, end)
	return cut(wanted, maxLabel-len(suffix)) + suffix
}

// number reads digits, 0 if there are none or too many.
func number(text string) (n int) {
	if len(text) > 6 {
		return 0
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}
