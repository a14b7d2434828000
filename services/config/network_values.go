package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/upscard/upscard/services/lazyre"
)

var (
	hostPattern      = lazyre.New(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`) // a label of RFC 1123, 2.1
	domainPattern    = lazyre.New(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	interfacePattern = lazyre.New(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$`)
)

func checkInterfaceName(name string) error {
	if name != AnyWired && (!interfacePattern.MatchString(name) || name == "lo" || name == "all" || name == "default") {
		return fmt.Errorf(`name %s: want an interface, as "eth0", or "*" for all wired ones`, quote(name))
	}
	return nil
}

func hostName(v value) (string, error) {
	const want = "letters, digits and inner hyphens in quotes, at most 63"
	switch {
	case v.kind != unstable.String:
		return "", wrongType(want, v)
	case !hostPattern.MatchString(v.text):
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}

func timeServer(v value) (string, error) {
	const want = `a name or an IP address in quotes, as "pool.ntp.org"`
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

// hostIP is the address of another machine.
func hostIP(v value) (netip.Addr, error) {
	const want = `an IP address in quotes, as "192.168.1.1"`
	if v.kind != unstable.String {
		return netip.Addr{}, wrongType(want, v)
	}
	a, err := netip.ParseAddr(v.text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return a, checkHost(netip.PrefixFrom(a, a.BitLen()))
}

// hostPrefix is an address of the card with the length of its network.
func hostPrefix(v value) (netip.Prefix, error) {
	const want = `an IP address with the length of its network in quotes, as "192.168.1.5/24"`
	if v.kind != unstable.String {
		return netip.Prefix{}, wrongType(want, v)
	}
	p, err := netip.ParsePrefix(v.text)
	if err == nil {
		return p, checkHost(p)
	}
	text, length, _ := strings.Cut(v.text, "/")
	if a, e := netip.ParseAddr(text); e == nil && a.Zone() == "" && length != "" {
		return netip.Prefix{}, fmt.Errorf("%s: the length of its network is 1 to %d", quote(v.text), a.BitLen())
	}
	return netip.Prefix{}, fmt.Errorf("want %s, got %s", want, quote(v.text))
}

// some reads one value, or a list of at most most different ones.
func some[T comparable](v value, most int, one func(value) (T, error)) ([]T, error) {
	if v.kind != unstable.Array {
		item, err := one(v)
		return []T{item}, err
	}
	if len(v.items) == 0 || len(v.items) > most {
		return nil, fmt.Errorf("want 1 to %d in the list, got %d", most, len(v.items))
	}
	var list []T
	var wrong []error
	for _, item := range v.items {
		x, err := one(item)
		if err == nil && slices.Contains(list, x) {
			err = fmt.Errorf("%s is listed twice", quote(item.text))
		}
		if err != nil {
			wrong = append(wrong, valueError{item.offset, err})
		}
		list = append(list, x)
	}
	return list, errors.Join(wrong...)
}
