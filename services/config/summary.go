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
	secured := ""
	if c.TLS.StartTLS != "" {
		secured = " with TLS " + c.TLS.StartTLS
	}
	if c.TLSShim.On {
		secured += ", with TLS before all else on " + strings.Join(c.TLSShim.Addresses(), ", ")
	}
	told := ""
	if len(c.Notify) > 0 {
		told = "; tells " + listed(c.Notify, func(n Notify) string { return n.Name })
	}
	return fmt.Sprintf("%s; listens on %s%s; %s; host %s; network: %s; %s%s", upses, strings.Join(c.Listen, ", "), secured, users,
		cmp.Or(c.Network.Hostname, "upscard"), listed(c.Network.WithDefaults().Interfaces, Interface.summary), c.Monitor.Summary(), told)
}

// Summary says when the card forces a shutdown, and what becomes of the load then.
func (m Monitor) Summary() string {
	when := []string{"when on battery and low"}
	for _, limit := range []struct {
		at   *int
		text string
	}{{m.Charge, "at %d %% charge"}, {m.Runtime, "with %d s left"}, {m.OnBattery, "after %d s on battery"}} {
		if limit.at != nil {
			when = append(when, fmt.Sprintf(limit.text, *limit.at))
		}
	}
	off := "the UPS is told " + m.Off
	switch m.Off {
	case "", OffReturn:
		off = "the UPS switches its load off until the mains are back"
	case OffNone:
		off = "the load stays on, so machines that halted do not start by themselves"
	}
	return "forced shutdown " + strings.Join(when, " or ") + ", then " + off
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
