// Package confd puts the owner's configuration in force.
package confd

import "github.com/upscard/upscard/services/config"

// part is what one program is told of a configuration, and nothing that it does not need.
type part struct {
	program string
	of      func(*config.Config) *config.Config
}

func parts() []part {
	return []part{
		{"mdnsd", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.MDNS = c.MDNS
			return p
		}},
		{"netd", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.Network = c.Network
			return p
		}},
		{"nisd", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.NIS = c.NIS
			p.Monitor.Charge, p.Monitor.Runtime, p.Monitor.OnBattery = c.Monitor.Charge, c.Monitor.Runtime, c.Monitor.OnBattery // which it tells
			for _, u := range c.UPS {
				p.UPS = append(p.UPS, config.UPS{Name: u.Name})
			}
			return p
		}},
		{"tlsshim", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.TLSShim, p.MaxConnPerAddress = c.TLSShim, c.MaxConnPerAddress
			if c.TLSShim.On {
				p.TLS = c.TLS
				p.TLS.Names = nil // upsd says what it is called
			}
			return p
		}},
		{"upsd", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.Listen, p.Users = c.Listen, c.Users
			p.Anonymous, p.Profiles, p.Protocol = c.Anonymous, c.Profiles, c.Protocol
			p.TLS, p.TLSShim.On = c.TLS, c.TLSShim.On
			p.IdleTimeout, p.MaxConnPerAddress = c.IdleTimeout, c.MaxConnPerAddress
			for _, u := range c.UPS {
				p.UPS = append(p.UPS, config.UPS{Name: u.Name, Desc: u.Desc, Alias: u.Alias})
			}
			return p
		}},
		{"upsmon", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.Monitor, p.Notify = c.Monitor, c.Notify
			for _, u := range c.UPS {
				p.UPS = append(p.UPS, config.UPS{Name: u.Name, PowerValue: u.PowerValue})
			}
			return p
		}},
		{"usbhid-ups", func(c *config.Config) *config.Config {
			p := new(config.Config)
			p.UPS = c.UPS
			return p
		}},
	}
}
