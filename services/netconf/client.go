package netconf

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// errRefused says that a server answered with a DHCPNAK.
var errRefused = errors.New("DHCP: refused by the server")

// exchange takes one step on the link and returns the lease that it brings.
type exchange func(ctx context.Context, link Link, step Step, held Lease) (Lease, error)

// client speaks DHCP on an interface. Each step has sockets of its own.
type client struct {
	hostname string
	timeout  time.Duration // of the first try; each of the others takes twice as long
	tries    int
	shortest time.Duration // lease
}

func (c client) exchange(ctx context.Context, link Link, step Step, held Lease) (Lease, error) {
	options := []nclient4.ClientOpt{nclient4.WithTimeout(c.timeout), nclient4.WithRetry(c.tries), nclient4.WithHWAddr(link.MAC)}
	if step == Renew {
		options = append(options,
			nclient4.WithUnicast(&net.UDPAddr{IP: held.Address.Addr().AsSlice(), Port: nclient4.ClientPort}),
			nclient4.WithServerAddr(&net.UDPAddr{IP: held.Server.AsSlice(), Port: nclient4.ServerPort}))
	}
	n, err := nclient4.New(link.Name, options...)
	if err != nil {
		return Lease{}, fmt.Errorf("%s: %w", link.Name, err)
	}
	defer n.Close()
	sent := time.Now()
	ack, err := c.ask(ctx, n, step, held)
	if err != nil {
		return Lease{}, err
	}
	return leaseFrom(ack, held, sent, c.shortest)
}

func (c client) ask(ctx context.Context, n *nclient4.Client, step Step, held Lease) (*dhcpv4.DHCPv4, error) {
	if step == Acquire {
		got, err := n.Request(ctx, c.wishes)
		var nak *nclient4.ErrNak
		if errors.As(err, &nak) {
			return nil, errRefused
		}
		if err != nil {
			return nil, err
		}
		return got.ACK, nil
	}
	identify := dhcpv4.WithClientIP(held.Address.Addr().AsSlice())
	if step == Confirm { // RFC 2131, 4.3.2: the address is an option and ciaddr is zero
		identify = dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(held.Address.Addr().AsSlice()))
	}
	request, err := dhcpv4.New(dhcpv4.WithHwAddr(n.InterfaceAddr()), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptMaxMessageSize(nclient4.MaxMessageSize)), identify, c.wishes)
	if err != nil {
		return nil, err
	}
	answer, err := n.SendAndRead(ctx, n.RemoteAddr(), request,
		nclient4.IsMessageType(dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak))
	if err != nil {
		return nil, err
	}
	if answer.MessageType() == dhcpv4.MessageTypeNak {
		return nil, errRefused
	}
	return answer, nil
}

// wishes says who we are and what we want to know.
func (c client) wishes(d *dhcpv4.DHCPv4) {
	dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionClasslessStaticRoute, dhcpv4.OptionRouter,
		dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName, dhcpv4.OptionRenewTimeValue, dhcpv4.OptionRebindingTimeValue)(d)
	if c.hostname != "" {
		d.UpdateOption(dhcpv4.OptHostName(c.hostname))
	}
}
