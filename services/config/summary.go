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
		cmp.Or(c.Network.Hostname, "upscard"), listed(c.Network.WithDefaults().Interfaces, Interface.summary), c.idle())
}

// idle says that what is given for the primary is not in force: upsmon does not run on the card.
func (c *Config) idle() string {
	if c.Monitor == (Monitor{}) && len(c.Notify) == 0 {
		return ""
	}
	return "; [monitor] and [notify.NAME] HAVE NO EFFECT on the card yet: it shuts nothing down and tells nobody"
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
