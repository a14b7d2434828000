package sandbox

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exec confines the calling thread as spec says, then replaces the process by the program argv[0] (a path) with the arguments argv[1:]
// in an empty environment. It returns only when that failed; the process must then end, because it may be half confined.
func Exec(spec Spec, argv []string) error {
	runtime.LockOSThread() // execve(2) keeps what this thread has become
	spec.Files = append(slices.Clone(spec.Files), File{accessRun, argv[0]})
	if err := apply(spec); err != nil {
		return err
	}
	if err := syscall.Exec(argv[0], argv, nil); err != nil {
		return fmt.Errorf("sandbox: %s: %w", argv[0], err)
	}
	return nil
}

// apply takes the steps in the only order that works: limits and the bounding set while still privileged, groups before the user, ambient
// capabilities after it, then no_new_privs, which the last two need.
func apply(spec Spec) error {
	caps, err := numbers(spec.Capabilities)
	if err != nil {
		return err
	}
	filter, err := coarse(spec)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	steps := []struct {
		what string
		do   func() error
	}{
		{"limits", func() error { return setLimits(spec.Limits) }},
		{"keep capabilities", func() error { return unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0) }},
		{"groups", func() error { return syscall.Setgroups(ints(spec.Groups)) }},
		{"bounding set", func() error { return dropBounding(caps) }},
		{"gid", func() error { return thread(unix.SYS_SETRESGID, spec.GID) }},
		{"uid", func() error { return thread(unix.SYS_SETRESUID, spec.UID) }},
		{"capabilities", func() error { return setCapabilities(caps) }},
		{"ambient capabilities", func() error { return raiseAmbient(caps) }},
		{"no_new_privs", setNoNewPrivs},
		{"Landlock", func() error { return landlock(spec) }},
		{"seccomp", func() error { return install(filter, 0) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("sandbox: %s: %w", step.what, err)
		}
	}
	return nil
}

// thread sets the real, effective and saved id of the calling thread.
func thread(call uintptr, id uint32) error {
	_, _, errno := unix.RawSyscall(call, uintptr(id), uintptr(id), uintptr(id))
	if errno != 0 {
		return errno
	}
	return nil
}

func setLimits(limits []Limit) error {
	for _, l := range limits {
		number, err := resource(l.Resource)
		if err != nil {
			return err
		}
		// Not unix.Setrlimit: syscall.Exec puts a remembered RLIMIT_NOFILE back unless syscall itself has set it.
		if err := syscall.Setrlimit(number, &syscall.Rlimit{Cur: l.Value, Max: l.Value}); err != nil {
			return fmt.Errorf("%s: %w", l.Resource, err)
		}
	}
	return nil
}

// dropBounding drops every capability that the kernel knows and keep does not have.
func dropBounding(keep uint64) error {
	for c := 0; c < 64; c++ {
		if keep&(1<<c) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
		if err == unix.EINVAL {
			return nil // past the kernel's last one
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func setCapabilities(caps uint64) error {
	var data [2]unix.CapUserData
	for i := range data {
		half := uint32(caps >> (32 * i))
		data[i] = unix.CapUserData{Effective: half, Permitted: half, Inheritable: half}
	}
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
}

func raiseAmbient(caps uint64) error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	for c := uintptr(0); c < 64; c++ {
		if caps&(1<<c) == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, c, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

func setNoNewPrivs() error {
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

func numbers(names []string) (set uint64, err error) {
	for _, name := range names {
		n, err := capability(name)
		if err != nil {
			return 0, fmt.Errorf("sandbox: %w", err)
		}
		set |= 1 << n
	}
	return set, nil
}

func ints(ids []uint32) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = int(id)
	}
	return out
}
