package main

import "golang.org/x/sys/unix"

// deadly are the attempts that the process must not outlive, at the latest once it has tightened its sandbox. The arguments are zero:
// the filter looks at the call alone, and a call that got past it does no harm.
func deadly() []attempt {
	attempts := []attempt{{"exec", func() error { return unix.Exec("/bbin/gosh", []string{"gosh", "-c", "echo escaped"}, nil) }}}
	for _, c := range []struct {
		name string
		call uintptr
	}{
		{"ptrace", unix.SYS_PTRACE},
		{"process_vm_readv", unix.SYS_PROCESS_VM_READV},
		{"mount", unix.SYS_MOUNT},
		{"umount", unix.SYS_UMOUNT2},
		{"pivot_root", unix.SYS_PIVOT_ROOT},
		{"chroot", unix.SYS_CHROOT},
		{"init_module", unix.SYS_INIT_MODULE},
		{"finit_module", unix.SYS_FINIT_MODULE},
		{"kexec_load", unix.SYS_KEXEC_LOAD},
		{"bpf", unix.SYS_BPF},
		{"perf_event_open", unix.SYS_PERF_EVENT_OPEN},
		{"userfaultfd", unix.SYS_USERFAULTFD},
		{"io_uring_setup", unix.SYS_IO_URING_SETUP},
		{"keyctl", unix.SYS_KEYCTL},
		{"setns", unix.SYS_SETNS},
		{"unshare", unix.SYS_UNSHARE},
		{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT},
		{"swapon", unix.SYS_SWAPON},
		{"reboot", unix.SYS_REBOOT},
		{"sethostname", unix.SYS_SETHOSTNAME},
	} {
		attempts = append(attempts, attempt{c.name, func() error { return raw(c.call, 0, 0, 0) }})
	}
	return attempts
}
