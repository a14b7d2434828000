package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reach is an interface with an address by which others reach the card.
type reach struct {
	name    string
	address netip.Prefix
}

// addresses lists what the kernel has, IPv4 first in each interface. Those that only the link knows, or that are not in use yet, do not
// count.
func addresses() ([]reach, error) {
	links, err := netlinkMessages(unix.RTM_GETLINK)
	if err != nil {
		return nil, err
	}
	names := make(map[uint32]string)
	for _, m := range links {
		if len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		index := binary.NativeEndian.Uint32(m.Data[4:])
		names[index] = strings.TrimRight(string(attribute(m, unix.IFLA_IFNAME)), "\x00")
	}
	messages, err := netlinkMessages(unix.RTM_GETADDR)
	var all []reach
	for _, m := range messages {
		if len(m.Data) < unix.SizeofIfAddrmsg {
			continue
		}
		bits, flags, scope := m.Data[1], m.Data[2], m.Data[3]
		if scope != unix.RT_SCOPE_UNIVERSE || flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0 {
			continue
		}
		ip := attribute(m, unix.IFA_LOCAL) // IPv6 has none unless it has a peer
		if ip == nil {
			ip = attribute(m, unix.IFA_ADDRESS)
		}
		if a, ok := netip.AddrFromSlice(ip); ok {
			all = append(all, reach{names[binary.NativeEndian.Uint32(m.Data[4:])], netip.PrefixFrom(a, int(bits))})
		}
	}
	slices.SortStableFunc(all, func(a, b reach) int {
		return cmp.Or(cmp.Compare(a.name, b.name), a.address.Addr().Compare(b.address.Addr()))
	})
	return all, err
}

func netlinkMessages(request int) ([]syscall.NetlinkMessage, error) {
	rib, err := syscall.NetlinkRIB(request, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	return syscall.ParseNetlinkMessage(rib)
}

// attribute returns nil where the message has none of that type.
func attribute(m syscall.NetlinkMessage, kind uint16) []byte {
	all, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return nil
	}
	for _, a := range all {
		if a.Attr.Type == kind {
			return a.Value
		}
	}
	return nil
}

// watchAddresses calls changed, without telling of what, when the kernel says that addresses have changed, until ctx ends.
func watchAddresses(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	socket := os.NewFile(uintptr(fd), "netlink")
	defer socket.Close()
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = socket.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, 8<<10)
	for {
		changed() // also once at the beginning
		if _, err := socket.Read(buf); err != nil && !errors.Is(err, unix.ENOBUFS) {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}
