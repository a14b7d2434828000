package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/supervise"
	"github.com/upscard/upscard/services/usb"
)

// Users and groups. The card has no /etc/passwd: these numbers are all there is.
const (
	uidNetd        = 100
	uidUpsd        = 101
	uidConfd       = 102
	uidUpsmon      = 103
	uidMdnsd       = 104
	uidNisd        = 105
	uidTLSShim     = 106
	gidDrivers     = 150 // may make sockets in /run/nut
	gidUPSConfig   = 151 // reads what the configuration says of UPSes
	uidFirstDriver = 300 // plus the seat
)

// configuration is where confd writes; each part of it has a group that may read it.
const configuration = "/run/confd"

// program is one line of the table of programs: what runs and what it may do.
type program struct {
	name    string
	path    string
	config  string   // a file
	args    []string // besides those that every program takes
	uid     uint32   // also its gid
	groups  []uint32
	caps    []string
	limits  []sandbox.Limit
	files   []sandbox.File
	bind    sandbox.Ports
	connect sandbox.Ports
	sockets []string
	after   []string
	final   []int
}

// programs is the table of those that always run. state makes a program's directory on the state partition; "" is none.
func programs(source handover.Source, state func(program string, uid int) string) []program {
	return []program{
		program{name: "netd", path: "/bin/netd", uid: uidNetd, config: part(source, "netd"),
			caps:    []string{"net_bind_service", "net_admin", "net_raw", "sys_time"},
			limits:  limits(64, goRuntime+64<<20),
			files:   slices.Concat(may("ro", configuration, "/sys/class/net", "/sys/devices"), may("rw", "/proc/sys/net"), may("own", "/run/netd")),
			sockets: []string{"unix", "inet", "inet6", "packet", "netlink.route"},
			connect: sandbox.Ports{List: []uint16{53}}, // a name server's long answers
		}.keeping(state("netd", uidNetd)),
		program{name: "upsd", path: "/bin/upsd", uid: uidUpsd, config: part(source, "upsd"),
			args: []string{"-driver-uid", fmt.Sprintf("%d-%d", uidFirstDriver+1, uidFirstDriver+usb.MaxSeats),
				"-feed-uid", fmt.Sprint(uidUpsmon), "-feed-uid", fmt.Sprint(uidMdnsd), "-feed-uid", fmt.Sprint(uidNisd), "-control-uid", fmt.Sprint(uidUpsmon),
				"-relay-uid", fmt.Sprint(uidTLSShim)},
			groups:  []uint32{gidDrivers}, // its own sockets are beside theirs
			limits:  limits(12_752, goRuntime+160<<20),
			files:   slices.Concat(may("ro", configuration, "/proc/sys/net/core/somaxconn"), may("socket", "/run/nut")),
			bind:    sandbox.Ports{Any: true}, // those of its configuration, which init does not read; then it makes no more sockets for them
			sockets: []string{"unix", "inet", "inet6"},
		}.keeping(state("upsd", uidUpsd)),
		program{name: "upsmon", path: "/bin/upsmon", uid: uidUpsmon, config: part(source, "upsmon"),
			args:    []string{"-upsd-uid", fmt.Sprint(uidUpsd)},
			limits:  limits(256, goRuntime+64<<20),
			files:   may("ro", configuration, "/run/nut", "/run/netd"),
			connect: sandbox.Ports{Any: true}, // where the owner wants to be told, which init does not read
			sockets: []string{"unix", "inet", "inet6"},
		}.keeping(state("upsmon", uidUpsmon)),
		program{name: "mdnsd", path: "/bin/mdnsd", uid: uidMdnsd, config: part(source, "mdnsd"),
			args:    []string{"-upsd-uid", fmt.Sprint(uidUpsd)},
			limits:  limits(256, goRuntime+64<<20),
			files:   may("ro", configuration, "/run/nut", "/run/nisd", "/run/tlsshim"),
			sockets: []string{"unix", "inet", "inet6", "netlink.route"},
		}.keeping(state("mdnsd", uidMdnsd)),
		program{name: "nisd", path: "/bin/nisd", uid: uidNisd, config: part(source, "nisd"),
			args:    []string{"-upsd-uid", fmt.Sprint(uidUpsd), "-feed-uid", fmt.Sprint(uidMdnsd)},
			limits:  limits(1024, goRuntime+64<<20),
			files:   slices.Concat(may("ro", configuration, "/run/nut", "/proc/sys/net/core/somaxconn"), may("socket", "/run/nisd")),
			bind:    sandbox.Ports{Any: true}, // as upsd
			sockets: []string{"unix", "inet", "inet6"},
		}.keeping(state("nisd", uidNisd)),
		{name: "tlsshim", path: "/bin/tlsshim", uid: uidTLSShim, config: part(source, "tlsshim"),
			args:    []string{"-feed-uid", fmt.Sprint(uidMdnsd)},
			limits:  limits(8_096, goRuntime+160<<20),
			files:   slices.Concat(may("ro", configuration, "/run/nut", "/proc/sys/net/core/somaxconn"), may("socket", "/run/tlsshim")),
			bind:    sandbox.Ports{Any: true}, // as upsd
			sockets: []string{"unix", "inet", "inet6"},
			final:   []int{exitOff}},
	}
}

// confd is the program that reads the owner's file before all others start. It is a member of the groups that read what it writes.
func confd(file, state string) program {
	p := program{name: "confd", path: "/bin/confd", uid: uidConfd, config: file,
		groups: []uint32{uidNetd, uidUpsd, uidUpsmon, uidMdnsd, uidNisd, uidTLSShim, gidUPSConfig},
		limits: limits(64, goRuntime+64<<20),
		files:  slices.Concat(may("ro", filepath.Dir(file)), may("own", configuration))}
	for _, reader := range []struct {
		program string
		gid     int
	}{{"netd", uidNetd}, {"upsd", uidUpsd}, {"upsmon", uidUpsmon}, {"mdnsd", uidMdnsd}, {"nisd", uidNisd}, {"tlsshim", uidTLSShim}, {"usbhid-ups", gidUPSConfig}} {
		p.args = append(p.args, "-group", fmt.Sprintf("%s=%d", reader.program, reader.gid))
	}
	return p.keeping(state)
}

// keeping is the program with a directory that survives a restart, unless that is "".
func (p program) keeping(state string) program {
	if state != "" {
		p.args = append(p.args, "-state", state)
		p.files = append(p.files, may("own", state)...)
	}
	return p
}

// part is what the configuration in force tells a program.
func part(source handover.Source, program string) string {
	return filepath.Join(configuration, source.File(program))
}

// exitOff is the exit code by which tlsshim says that the configuration does not want it.
const exitOff = 4

// exitNoUPS is the exit code by which a driver says that its device is no UPS.
const exitNoUPS = 3

// exitSeat and a seat is the exit code by which a driver says that its device is that seat's: the kernel has read the serial number wrong.
const exitSeat = 64

// finalCodes are all after which a driver does not start again by itself.
func finalCodes() []int {
	codes := []int{exitNoUPS}
	for seat := 1; seat <= usb.MaxSeats; seat++ {
		codes = append(codes, exitSeat+seat)
	}
	return codes
}

func driverName(seat int) string { return fmt.Sprintf("usbhid-ups.%d", seat) }

// driverUID is the user and the group of a seat's driver.
func driverUID(seat int) uint32 { return uidFirstDriver + uint32(seat) }

// driver is the program for the device of a seat.
func driver(source handover.Source, seat int) program {
	return program{name: driverName(seat), path: "/bin/usbhid-ups", uid: driverUID(seat),
		config: part(source, "usbhid-ups"),
		args:   []string{"-seat", fmt.Sprint(seat), "-allow-uid", fmt.Sprint(uidUpsd)},
		groups: []uint32{gidDrivers, gidUPSConfig},
		limits: limits(64, goRuntime+256<<20), // a C thread maps 8 MB of stack, which counts
		files: slices.Concat(may("ro", configuration, "/run/usb", "/sys/bus/usb", "/sys/devices"),
			may("dev", "/dev/bus/usb"), // all of it: a device has a new node each time it is plugged in. Its group is the driver's
			may("socket", "/run/nut")),
		sockets: []string{"unix", "netlink.uevent"},
		final:   finalCodes()}
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
		Files: p.files, Bind: p.bind, Connect: p.connect, Sockets: p.sockets}
}

// supervised makes the program what the supervisor takes: started through `init confine`, self being the path of this binary.
func (p program) supervised(self string) supervise.Program {
	command := []string{self, "confine", p.spec().String(), p.path,
		"-config", p.config, "-run", "/run", "-ready", fmt.Sprint(supervise.ReadyFD)}
	return supervise.Program{Name: p.name, Command: append(command, p.args...), After: p.after, Notify: true, Silence: silence, FinalCodes: p.final}
}

// silence is how long a program may go without telling that its main loop turns; it tells each 5 s.
const silence = 15 * time.Second
