package main

import (
	"fmt"
	"slices"

	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/supervise"
	"github.com/upscard/upscard/services/usb"
)

// Users and groups. The card has no /etc/passwd: these numbers are all there is.
const (
	uidNetd        = 100
	uidUpsd        = 101
	gidUSB         = 150 // owns the device nodes of what may be a UPS
	uidFirstDriver = 300 // plus the seat
)

// configuration is the file that the owner edits.
const configuration = "/etc/upscard.toml"

// program is one line of the table of programs: what runs and what it may do.
type program struct {
	name    string
	path    string
	args    []string // besides those that every program takes
	uid     uint32   // also its gid
	groups  []uint32
	caps    []string
	limits  []sandbox.Limit
	files   []sandbox.File
	bind    sandbox.Ports
	sockets []string
	after   []string
	final   []int
}

// programs is the table of those that always run.
func programs() []program {
	return []program{
		{name: "netd", path: "/bin/netd", uid: uidNetd,
			caps:    []string{"net_bind_service", "net_admin", "net_raw"},
			limits:  limits(64, goRuntime+64<<20),
			files:   slices.Concat(may("ro", configuration, "/sys/class/net", "/sys/devices"), may("rw", "/proc/sys/net"), may("own", "/run/netd")),
			sockets: []string{"unix", "inet", "inet6", "packet", "netlink.route"}},
		{name: "upsd", path: "/bin/upsd", uid: uidUpsd,
			args:    []string{"-driver-uid", fmt.Sprintf("%d-%d", uidFirstDriver+1, uidFirstDriver+usb.MaxSeats)},
			limits:  limits(4096, goRuntime+128<<20),
			files:   may("ro", configuration, "/run/nut", "/proc/sys/net/core/somaxconn"),
			bind:    sandbox.Ports{Any: true}, // those of its configuration, which init does not read; then it gives bind(2) up
			sockets: []string{"unix", "inet", "inet6"}},
	}
}

// exitNoUPS is the exit code by which a driver says that its device is no UPS.
const exitNoUPS = 3

// driver is the program for the device of a seat.
func driver(seat int) program {
	return program{name: fmt.Sprintf("usbhid-ups.%d", seat), path: "/bin/usbhid-ups", uid: uidFirstDriver + uint32(seat),
		args:   []string{"-seat", fmt.Sprint(seat), "-allow-uid", fmt.Sprint(uidUpsd)},
		groups: []uint32{gidUSB},
		limits: limits(64, goRuntime+256<<20), // a C thread maps 8 MB of stack, which counts
		files: slices.Concat(may("ro", configuration, "/run/usb", "/sys/bus/usb", "/sys/devices"),
			may("dev", "/dev/bus/usb"), // all of it: a device has a new node each time it is plugged in, which its group then may open
			may("own", "/run/nut")),
		sockets: []string{"unix", "netlink.uevent"},
		final:   []int{exitNoUPS}}
}

// goRuntime is what Go's runtime maps for its heap arena and the arena's index before a program has allocated a byte: 64 and 32 MB on
// arm64, all of which counts as data (RLIMIT_DATA) though next to none of it is touched.
const goRuntime = 96 << 20

// limits bounds open files and bytes of data. No program dumps core, and each has its uid's threads to itself.
func limits(files, data uint64) []sandbox.Limit {
	return []sandbox.Limit{{Resource: "core", Value: 0}, {Resource: "data", Value: data}, {Resource: "nofile", Value: files},
		{Resource: "nproc", Value: 64}}
}

// may gives access to what is at the paths.
func may(access string, paths ...string) (files []sandbox.File) {
	for _, path := range paths {
		files = append(files, sandbox.File{Access: access, Path: path})
	}
	return files
}

// spec is what the program may be and have.
func (p program) spec() sandbox.Spec {
	return sandbox.Spec{UID: p.uid, GID: p.uid, Groups: p.groups, Capabilities: p.caps, Limits: p.limits,
		Files: p.files, Bind: p.bind, Sockets: p.sockets}
}

// supervised makes the program what the supervisor takes: started through `init confine`, self being the path of this binary.
func (p program) supervised(self string) supervise.Program {
	command := []string{self, "confine", p.spec().String(), p.path,
		"-config", configuration, "-run", "/run", "-ready", fmt.Sprint(supervise.ReadyFD)}
	return supervise.Program{Name: p.name, Command: append(command, p.args...), After: p.after, Notify: true, FinalCodes: p.final}
}
