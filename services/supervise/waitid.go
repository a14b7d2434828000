package supervise

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// childInfo is siginfo_t as waitid(2) fills it in: 128 bytes, the pid after signo, errno and code, aligned as the union is.
type childInfo struct {
	_   [3]int32
	_   [unsafe.Sizeof(uintptr(0))/4 - 1]int32
	pid int32
	_   [128 - 4*4 - (unsafe.Sizeof(uintptr(0)) - 4)]byte
}

// waitid fills info in with a child that has ended and leaves it to be collected.
func waitid(kind, pid, options int, info *childInfo) error {
	_, _, errno := unix.Syscall6(unix.SYS_WAITID, uintptr(kind), uintptr(pid), uintptr(unsafe.Pointer(info)),
		uintptr(options|unix.WEXITED|unix.WNOWAIT), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// anyEnded returns the pid of a child that has ended and was not collected yet, or 0.
func anyEnded() int {
	for {
		var info childInfo
		if err := waitid(unix.P_ALL, 0, unix.WNOHANG, &info); err != unix.EINTR {
			return int(info.pid)
		}
	}
}

// awaitEnd waits until the child has ended, without collecting it.
func awaitEnd(pid int) {
	var info childInfo
	for waitid(unix.P_PID, pid, 0, &info) == unix.EINTR {
	}
}
