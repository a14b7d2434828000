// Package sockio reads and writes sockets that do not block.
package sockio

import (
	"syscall"
	"unsafe"
)

// Read is read(2). It takes microseconds, so Go's scheduler is not told: it would take the processor away from a call that takes longer than usual, and wake
// threads for nothing. n is 0 where err is set; of one that has come to its end both are 0.
func Read(fd uintptr, to []byte) (n int, err syscall.Errno) {
	return do(syscall.SYS_READ, fd, to)
}

// Write is write(2), as Read.
func Write(fd uintptr, from []byte) (n int, err syscall.Errno) {
	return do(syscall.SYS_WRITE, fd, from)
}

func do(call, fd uintptr, buf []byte) (int, syscall.Errno) {
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
