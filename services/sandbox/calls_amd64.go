package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// native are the calls of running and files that other architectures lack or name otherwise.
func native() []uintptr {
	return []uintptr{
		unix.SYS_NEWFSTATAT, unix.SYS_ARCH_PRCTL, unix.SYS_OPEN, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_READLINK, unix.SYS_UNLINK,
		unix.SYS_MKDIR, unix.SYS_RENAME, unix.SYS_PIPE, unix.SYS_DUP2, unix.SYS_POLL, unix.SYS_SELECT, unix.SYS_EPOLL_CREATE, unix.SYS_EPOLL_WAIT,
		unix.SYS_EVENTFD, unix.SYS_INOTIFY_INIT, unix.SYS_TIME,
	}
}
