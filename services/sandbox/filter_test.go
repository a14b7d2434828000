package sandbox

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// call is what a filter sees of a system call.
type call struct {
	arch, number uint32
	args         [6]uint32 // the lower halves
}

// verdictOn runs a filter, of which it knows the instructions that assemble makes.
func verdictOn(t *testing.T, program []unix.SockFilter, c call) verdict {
	t.Helper()
	var a uint32
	for i := 0; i < len(program); i++ {
		in := program[i]
		taken := false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = c.load(in.K)
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= in.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return verdict(in.K)
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			taken = a == in.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			taken = a >= in.K
		default:
			t.Fatalf("instruction %d has code %#x", i, in.Code)
		}
		if taken {
			i += int(in.Jt)
		} else {
			i += int(in.Jf)
		}
	}
	t.Fatal("the filter has no end")
	panic("not reached")
}

func (c call) load(offset uint32) uint32 {
	switch offset {
	case offsetCall:
		return c.number
	case offsetArch:
		return c.arch
	}
	return c.args[(offset-offsetArgs)/8]
}

func TestCoarse(t *testing.T) {
	spec := Spec{Sockets: []string{"unix", "netlink.uevent"}}
	timekeeper := Spec{Capabilities: []string{"sys_time"}}
	const native = auditArch
	tests := []struct {
		name string
		spec Spec
		call call
		want verdict
	}{
		{"another architecture", spec, call{native ^ 1, unix.SYS_READ, [6]uint32{}}, kill},
		{"x32", spec, call{native, x32 | unix.SYS_READ, [6]uint32{}}, kill},
		{"read", spec, call{native, unix.SYS_READ, [6]uint32{}}, allow},
		{"exec", spec, call{native, unix.SYS_EXECVE, [6]uint32{}}, allow},
		{"mount", spec, call{native, unix.SYS_MOUNT, [6]uint32{}}, kill},
		{"clock", spec, call{native, unix.SYS_CLOCK_SETTIME, [6]uint32{}}, refuse(unix.EPERM)},
		{"clock with the capability", timekeeper, call{native, unix.SYS_CLOCK_SETTIME, [6]uint32{}}, allow},
		{"unix", spec, call{native, unix.SYS_SOCKET, [6]uint32{unix.AF_UNIX, unix.SOCK_STREAM}}, allow},
		{"uevents", spec, call{native, unix.SYS_SOCKET, [6]uint32{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT}}, allow},
		{"routes", spec, call{native, unix.SYS_SOCKET, [6]uint32{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}}, refuse(unix.EAFNOSUPPORT)},
		{"inet", spec, call{native, unix.SYS_SOCKET, [6]uint32{unix.AF_INET}}, refuse(unix.EAFNOSUPPORT)},
		{"no sockets", timekeeper, call{native, unix.SYS_SOCKET, [6]uint32{unix.AF_UNIX}}, refuse(unix.EAFNOSUPPORT)},
		{"process", spec, call{native, unix.SYS_CLONE, [6]uint32{uint32(unix.SIGCHLD)}}, allow},
		{"user namespace", spec, call{native, unix.SYS_CLONE, [6]uint32{unix.CLONE_NEWUSER}}, refuse(unix.EPERM)},
		{"clone3", spec, call{native, unix.SYS_CLONE3, [6]uint32{}}, refuse(unix.ENOSYS)},
	}
	for _, test := range tests {
		program, err := coarse(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdictOn(t, program, test.call); got != test.want {
			t.Errorf("%s: %#x, want %#x", test.name, got, test.want)
		}
	}
}

func TestTight(t *testing.T) {
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD
	for _, d := range duties() {
		program, err := tight(d)
		if err != nil {
			t.Fatal(err)
		}
		serves := d.name != "confd" && d.name != "upsmon"
		tests := []struct {
			call call
			want verdict
		}{
			{call{number: unix.SYS_FUTEX}, allow},
			{call{number: unix.SYS_BIND}, either(serves, allow, refuse(unix.ENOSYS))},
			{call{number: unix.SYS_SOCKET, args: [6]uint32{unix.AF_INET}}, either(slices.Contains(d.sockets, "inet"), allow, refuse(unix.EAFNOSUPPORT))},
			{call{number: unix.SYS_CLONE, args: [6]uint32{thread}}, allow},
			{call{number: unix.SYS_CLONE, args: [6]uint32{thread | unix.CLONE_NEWNS}}, refuse(unix.ENOSYS)},
			{call{number: unix.SYS_CLONE, args: [6]uint32{uint32(unix.SIGCHLD)}}, refuse(unix.ENOSYS)},
			{call{number: unix.SYS_CLONE3}, refuse(unix.ENOSYS)},
			{call{number: unix.SYS_KILL}, refuse(unix.ENOSYS)},
			{call{number: 9999}, refuse(unix.ENOSYS)},
			{call{number: unix.SYS_EXECVE}, kill},
			{call{number: unix.SYS_PTRACE}, kill},
		}
		for _, test := range tests {
			test.call.arch = auditArch
			if got := verdictOn(t, program, test.call); got != test.want {
				t.Errorf("%s: call %d%v: %#x, want %#x", d.name, test.call.number, test.call.args, got, test.want)
			}
		}
	}
}

func either(first bool, a, b verdict) verdict {
	if first {
		return a
	}
	return b
}

// A call on two lists would be decided by their order.
func TestNoCallIsListedTwice(t *testing.T) {
	seen := make(map[uintptr]bool)
	for _, number := range slices.Concat(hostile(), clockSetting(), running(), files(), native(), talking(), serving(), fileModes(), fileOwners(), execs()) {
		if seen[number] {
			t.Errorf("system call %d is listed twice", number)
		}
		seen[number] = true
	}
}
