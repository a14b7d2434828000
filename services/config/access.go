package config

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/upscard/upscard/services/lazyre"
)

const (
	keyAlias    = "alias"
	keyUserUPS  = "ups"
	protocolRFC = "rfc9271"

	maxAliases  = 8  // of one UPS
	maxNetworks = 32 // of one list
)

// What services/password prints; no other costs are taken.
const hashPrefix = "$argon2id$"

var (
	hashPattern   = lazyre.New(`^\$argon2id\$v=19\$m=4096,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	statusPattern = lazyre.New(`^[A-Z]{1,16}$`)
)

// anonymous accepts a truth value or networks.
func anonymous(v value) (Anonymous, error) {
	if v.kind == unstable.Bool {
		return Anonymous{Nobody: v.text == "false"}, nil
	}
	from, err := some(v, maxNetworks, network)
	return Anonymous{From: from}, err
}

func (a Anonymous) show() string {
	if a.Nobody {
		return "false"
	}
	return showList(a.From)
}

// network accepts a network, or an address, which is a network of one.
func network(v value) (netip.Prefix, error) {
	const want = `a network in quotes, as "192.168.1.0/24"`
	if v.kind != unstable.String {
		return netip.Prefix{}, wrongType(want, v)
	}
	if a, err := netip.ParseAddr(v.text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v.text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("want %s, got %s", want, quote(v.text))
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("%s is an address inside the network %v: want that", quote(v.text), p.Masked())
	}
	return p, nil
}

func upsName(v value) (string, error) {
	if v.kind != unstable.String {
		return "", wrongType("a name in quotes", v)
	}
	return v.text, CheckName(v.text)
}

func statusWord(v value) (string, error) {
	const want = `a word of ups.status in quotes, as "OB"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	if !statusPattern.MatchString(v.text) {
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

// checkNames asserts that a name means one UPS. Case does not tell names apart, since it does not to clients. A user's
// UPSes need no entry: the card names those that it finds.
func checkNames(r *report, upses *entries[UPS]) {
	seen := make(map[string]bool)
	for _, x := range upses.list {
		name := strings.ToLower(x.key.name)
		if seen[name] {
			r.addf(x.key.offset, "name %s: another UPS has it, upper and lower case aside", quote(x.key.name))
		}
		seen[name] = true
	}
	for _, x := range upses.list {
		for _, alias := range x.item.Alias {
			if seen[strings.ToLower(alias)] {
				r.addf(x.places[keyAlias], "%s: %s is taken", keyAlias, quote(alias))
			}
			seen[strings.ToLower(alias)] = true
		}
	}
}
