package card

import (
	"fmt"
	"net"

	"github.com/upscard/upscard/board/virt"
)

// Service is a listener of the card that the host can reach on 127.0.0.1.
type Service struct {
	Name    string
	Port    int    // on the card
	Host    int    // wanted on this host; 0 for any free one
	Address string // of the card; "" for the one that DHCP gives it
}

// Services are all listeners that a card has.
var Services = []Service{
	{Name: "nut", Port: 3493, Host: 3493},
	{Name: "apcupsd", Port: 3551, Host: 3551},
	{Name: "tlsshim", Port: 401, Host: 4010},
}

// forward gives every service a port of this host that is free now: the wanted one if it can be had.
func forward(services []Service) ([]virt.Forward, error) {
	var all []virt.Forward
	for _, s := range services {
		port, err := freePort(s.Host)
		if err != nil {
			return nil, fmt.Errorf("no free port for %s: %w", s.Name, err)
		}
		all = append(all, virt.Forward{Host: port, Card: s.Port, Address: s.Address})
	}
	return all, nil
}

func freePort(wanted int) (int, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", wanted))
	if err != nil && wanted != 0 {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
