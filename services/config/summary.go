package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// Summary says in one line what the card does with the configuration. It holds no password.
func (c *Config) Summary() string {
	upses := "any UPS, as ups, ups2 ..."
	if len(c.UPS) > 0 {
		upses = "UPS " + listed(c.UPS, func(u UPS) string { return u.Name })
	}
	users := "no users"
	if len(c.Users) > 0 {
		users = "users " + listed(c.Users, func(u User) string { return u.Name })
	}
	if len(c.Profiles) > 0 {
		users += " and those of " + strings.Join(c.Profiles, ", ")
	}
	return fmt.Sprintf("%s; listens on %s; %s; host %s; network: %s%s", upses, strings.Join(c.Listen, ", "), users,
		cmp.Or(c.Network.Hostname, "upscard"), listed(c.Network.WithDefaults().Interfaces, Interface.summary), c.Monitor.summary())
}

// summary says what is unusual about the end of an outage: that the load stays on, or goes off otherwise.
func (m Monitor) summary() string {
	switch m.Off {
	case "", OffReturn:
		return ""
	case OffNone:
		return "; no load is switched off after a shutdown"
	}
	return "; the load is switched off by " + m.Off
}

func (i Interface) summary() string {
	name := i.Name
	if name == AnyWired {
		name = "every other wired interface"
	}
	switch {
	case i.Method == Off && i.IPv6 == Off:
		return name + " off"
	case i.Method == Static:
		name += " static"
	default:
		name += " by " + map[string]string{DHCP: "DHCP", Off: "IPv6 only"}[i.Method]
	}
	if len(i.Address) > 0 {
		name += " " + join(i.Address, netip.Prefix.String)
	}
	if len(i.Gateway) > 0 {
		name += " via " + join(i.Gateway, netip.Addr.String)
	}
	return name
}

func listed[T any](list []T, name func(T) string) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = name(x)
	}
	return strings.Join(words, ", ")
}

func join[T any](list []T, text func(T) string) string {
	return strings.ReplaceAll(listed(list, text), ", ", " and ")
}
