// Package nutguest boots a small guest that runs Debian's own NUT driver on a simulated UPS.
package nutguest

import "github.com/upscard/upscard/tools/card"

// Service is the guest's upsd, on which anybody may read the UPS "ups", and the user "owner" with the password "owners-own" give it orders.
const Service = "nut"

// Start boots the guest that Build made, with the UPSes of cfg plugged in. Driver are the lines of the UPS's section in ups.conf.
func Start(cfg card.Config, driver string) (*card.Card, error) {
	cfg.Files = map[string][]byte{
		"etc/nut/ups.conf": []byte("[ups]\n  driver = usbhid-ups\n  port = auto\n" + driver),
	}
	cfg.Services = []card.Service{{Name: Service, Port: 3493}}
	return card.Start(cfg)
}
