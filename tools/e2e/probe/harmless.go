package main

import (
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// harmless are the attempts that the process outlives. pid is another user's process, source where the configuration in force is from.
func harmless(pid int, source string) []attempt {
	attempts := []attempt{
		{"kill-init", func() error { return unix.Kill(1, 0) }},
		{"kill-other", func() error { return unix.Kill(pid, 0) }},
		{"chmod", func() error { return unix.Chmod("/etc/upscard.toml", 0o666) }},
		{"chown", func() error { return unix.Chown("/etc/upscard.toml", unix.Getuid(), -1) }},
		{"become-root", func() error { return raw(unix.SYS_SETRESUID, 0, 0, 0) }},
		{"more-files", func() error {
			return unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}, nil)
		}},
		{"set-clock", func() error { return setClock() }},
		{"new-user-namespace", func() error { return raw(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD), 0, 0) }},
		{"make-device", func() error { return unix.Mknod("/tmp/mem", unix.S_IFCHR|0o666, 0x101) }},
		{"remove-socket", func() error { return unix.Unlink("/run/nut/usbhid-ups-ups") }},
		{"remove-feed", func() error { return unix.Unlink("/run/nut/feed-ups") }},
		{"remove-control", func() error { return unix.Unlink("/run/nut/control") }},
		{"make-socket", func() error { return makeSocket("/run/nut/probe") }},
		{"make-socket-nisd", func() error { return makeSocket("/run/nisd/probe") }},
		{"make-socket-tlsshim", func() error { return makeSocket("/run/tlsshim/probe") }},
		{"make-link", func() error { return unix.Symlink("/init", "/tmp/probe") }},
		{"make-directory", func() error { return unix.Mkdir("/tmp/probe", 0o700) }},
		{"connect-tcp", func() error { return tcp(unix.Connect, 3493) }},
		{"bind-tcp", func() error { return tcp(unix.Bind, 6000) }},
		{"bind-low-tcp", func() error { return tcp(unix.Bind, 22) }},
	}
	for _, path := range []string{"/etc/upscard.toml", "/boot/upscard.toml", "/init", "/dev/mem", "/dev/kmsg", "/dev/ttyAMA0", "/proc/1/environ", "/proc/self/maps",
		"/proc/kallsyms", "/run/netd/resolv.conf", "/run/usb/roster",
		"/run/confd/upsd." + source + ".toml", "/run/confd/upsmon." + source + ".toml", "/run/confd/netd." + source + ".toml", "/run/confd/mdnsd." + source + ".toml", "/run/confd/nisd." + source + ".toml", "/run/confd/tlsshim." + source + ".toml", "/run/confd/usbhid-ups." + source + ".toml", "/sys/kernel/notes", "/dev/bus/usb/001/001"} {
		attempts = append(attempts, attempt{"read:" + path, func() error { return open(path, unix.O_RDONLY) }})
	}
	for _, path := range []string{"/etc/upscard.toml", "/dev/bus/usb/001/001", "/dev/bus/usb/001/002", "/proc/sys/kernel/core_pattern"} {
		attempts = append(attempts, attempt{"write:" + path, func() error { return open(path, unix.O_WRONLY) }})
	}
	for _, dir := range []string{"/", "/etc", "/tmp", "/run", "/run/nut", "/run/nisd", "/run/tlsshim", "/run/netd", "/run/usb", "/run/confd", "/state", "/state/netd", "/state/confd", "/state/upsd", "/state/upsmon", "/state/mdnsd", "/state/nisd", "/boot", "/dev", "/proc"} {
		attempts = append(attempts, attempt{"make-in:" + dir, func() error { return makeFile(dir + "/probe") }})
	}
	for _, s := range []struct {
		name                   string
		family, kind, protocol int
	}{
		{"unix", unix.AF_UNIX, unix.SOCK_STREAM, 0},
		{"inet", unix.AF_INET, unix.SOCK_STREAM, 0},
		{"inet6", unix.AF_INET6, unix.SOCK_DGRAM, 0},
		{"packet", unix.AF_PACKET, unix.SOCK_RAW, 0},
		{"netlink.route", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE},
		{"netlink.uevent", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT},
		{"netlink.generic", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_GENERIC},
		{"alg", unix.AF_ALG, unix.SOCK_SEQPACKET, 0},
		{"vsock", unix.AF_VSOCK, unix.SOCK_STREAM, 0},
		{"bluetooth", unix.AF_BLUETOOTH, unix.SOCK_RAW, 0},
	} {
		attempts = append(attempts, attempt{"socket:" + s.name, func() error {
			fd, err := unix.Socket(s.family, s.kind, s.protocol)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}})
	}
	return attempts
}

// setClock sets the clock to what it is.
func setClock() error {
	now := unix.NsecToTimespec(time.Now().UnixNano())
	return unix.ClockSettime(unix.CLOCK_REALTIME, &now)
}

func makeFile(path string) error {
	err := open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err == nil {
		err = unix.Unlink(path)
	}
	return err
}

// makeSocket makes a unix socket that others find in the file system.
func makeSocket(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return err
	}
	return unix.Unlink(path)
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// tcp does something with a socket at a port of the loopback address.
func tcp(do func(int, unix.Sockaddr) error, port int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return do(fd, &unix.SockaddrInet4{Port: port, Addr: netip.MustParseAddr("127.0.0.1").As4()})
}

// raw makes a system call. A child that clone(2) has made ends at once.
func raw(call, a, b, c uintptr) error {
	result, _, errno := syscall.RawSyscall6(call, a, b, c, 0, 0, 0)
	if call == unix.SYS_CLONE && errno == 0 && result == 0 {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}
