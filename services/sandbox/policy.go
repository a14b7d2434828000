package sandbox

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// socket is one kind of socket that a program may be given.
type socket struct {
	name     string
	family   uint32
	protocol int // -1: any
}

func sockets() []socket {
	return []socket{
		{"unix", unix.AF_UNIX, -1},
		{"inet", unix.AF_INET, -1},
		{"inet6", unix.AF_INET6, -1},
		{"packet", unix.AF_PACKET, -1},
		{"netlink.route", unix.AF_NETLINK, unix.NETLINK_ROUTE},
		{"netlink.uevent", unix.AF_NETLINK, unix.NETLINK_KOBJECT_UEVENT},
	}
}

func findSocket(name string) (socket, error) {
	i := slices.IndexFunc(sockets(), func(s socket) bool { return s.name == name })
	if i < 0 {
		return socket{}, fmt.Errorf("%q: no such kind of socket", name)
	}
	return sockets()[i], nil
}

// socketRules leave socket(2) the kinds that are named.
func socketRules(names []string) (rules []rule, err error) {
	for _, name := range names {
		s, err := findSocket(name)
		if err != nil {
			return nil, err
		}
		when := []match{{0, ^uint32(0), s.family}}
		if s.protocol >= 0 {
			when = append(when, match{2, ^uint32(0), uint32(s.protocol)})
		}
		rules = append(rules, rule{unix.SYS_SOCKET, when, allow})
	}
	return append(rules, rule{unix.SYS_SOCKET, nil, refuse(unix.EAFNOSUPPORT)}), nil
}

func all(calls []uintptr, do verdict) (rules []rule) {
	for _, call := range calls {
		rules = append(rules, rule{call, nil, do})
	}
	return rules
}

const (
	namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	noClone3   = verdict(unix.SECCOMP_RET_ERRNO) | verdict(unix.ENOSYS) // its flags are out of a filter's reach; glibc then takes clone
)

// coarse is the filter that a program is started with.
func coarse(spec Spec) ([]unix.SockFilter, error) {
	rules := all(hostile(), kill)
	if !slices.Contains(spec.Capabilities, "sys_time") {
		rules = append(rules, all(clockSetting(), refuse(unix.EPERM))...)
	}
	rules = append(rules,
		rule{unix.SYS_CLONE3, nil, noClone3},
		rule{unix.SYS_CLONE, []match{{0, namespaces, 0}}, allow},
		rule{unix.SYS_CLONE, nil, refuse(unix.EPERM)})
	sockets, err := socketRules(spec.Sockets)
	if err != nil {
		return nil, err
	}
	return assemble(append(rules, sockets...), allow), nil
}
