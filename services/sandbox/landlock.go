package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// File is what a program may do with a file, or with everything beneath a directory.
type File struct {
	Access string // a name of the accesses table
	Path   string // absolute
}

// access is one way to use files, in Landlock's bits.
type access struct {
	name   string
	rights uint64
}

func accesses() []access {
	const (
		read  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
		write = read | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
		own   = write | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
	)
	return []access{
		{accessRead, read},
		{"rw", write},
		{"own", own}, // makes, replaces and removes files in it
		{"socket", unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR},
		{"dev", read | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		{accessRun, unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE},
	}
}

const (
	accessRead = "ro"
	accessRun  = "run"
)

func rights(name string) (uint64, error) {
	i := slices.IndexFunc(accesses(), func(a access) bool { return a.name == name })
	if i < 0 {
		return 0, fmt.Errorf("%q: no such access", name)
	}
	return accesses()[i].rights, nil
}

// Landlock's version 6 (Linux 6.12) has everything that is asked for here.
const (
	landlockABI  = 6
	allFiles     = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV<<1 - 1
	plainFiles   = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	allScopes    = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	rulePath     = unix.LANDLOCK_RULE_PATH_BENEATH
	rulePort     = 2 // LANDLOCK_RULE_NET_PORT
	bindTCP      = unix.LANDLOCK_ACCESS_NET_BIND_TCP
	connectTCP   = unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	queryVersion = unix.LANDLOCK_CREATE_RULESET_VERSION
)

// haveLandlock says what is missing in the kernel.
func haveLandlock() error {
	version, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, queryVersion)
	if errno != 0 {
		return fmt.Errorf("kernel without Landlock: %w", errno)
	}
	if version < landlockABI {
		return fmt.Errorf("kernel has version %d, version %d is needed", version, landlockABI)
	}
	return nil
}

// landlock leaves the calling thread the files and TCP ports of spec. No_new_privs must be set.
func landlock(spec Spec) error {
	if err := haveLandlock(); err != nil {
		return err
	}
	attr := unix.LandlockRulesetAttr{Access_fs: allFiles, Access_net: spec.Bind.handled(bindTCP) | spec.Connect.handled(connectTCP), Scoped: allScopes}
	fd, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("rule set: %w", errno)
	}
	set := int(fd)
	defer unix.Close(set)
	for _, f := range spec.Files {
		if err := allowFile(set, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	if err := errors.Join(allowPorts(set, spec.Bind, bindTCP), allowPorts(set, spec.Connect, connectTCP)); err != nil {
		return err
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0, 0); errno != 0 {
		return fmt.Errorf("restrict: %w", errno)
	}
	return nil
}

// allowFile needs the path to be there, unless it is only read: what is missing then stays missing to the program.
func allowFile(set int, f File) error {
	allowed, err := rights(f.Access)
	if err != nil {
		return err
	}
	fd, err := unix.Open(f.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) && f.Access == accessRead {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		allowed &= plainFiles
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: allowed, Parent_fd: int32(fd)}
	return addRule(set, rulePath, unsafe.Pointer(&attr))
}

func allowPorts(set int, ports Ports, right uint64) error {
	for _, port := range ports.List {
		attr := struct{ allowed, port uint64 }{right, uint64(port)} // struct landlock_net_port_attr
		if err := addRule(set, rulePort, unsafe.Pointer(&attr)); err != nil {
			return fmt.Errorf("port %d: %w", port, err)
		}
	}
	return nil
}

func addRule(set int, kind uintptr, attr unsafe.Pointer) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), kind, uintptr(attr), 0, 0, 0)
	runtime.KeepAlive(attr)
	if errno != 0 {
		return errno
	}
	return nil
}
