package nut

import (
	"syscall"
	"unsafe"
)

// readSocket and writeSocket are read(2) and write(2) for a socket that does not block. They take microseconds, so Go's scheduler is not told:
// it would take the processor away from a call that takes longer than usual, and wake threads for nothing. n is 0 where err is set.

func readSocket(fd uintptr, to []byte) (n int, err syscall.Errno) {
	return onSocket(syscall.SYS_READ, fd, to)
}

func writeSocket(fd uintptr, from []byte) (n int, err syscall.Errno) {
	return onSocket(syscall.SYS_WRITE, fd, from)
}

func onSocket(call, fd uintptr, buf []byte) (int, syscall.Errno) {
	for {
		n, _, err := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
		switch err {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
