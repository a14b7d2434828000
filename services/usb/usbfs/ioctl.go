package usbfs

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The structs of linux/usbdevice_fs.h, laid out as C does.
type (
	controlTransfer struct {
		requestType, request uint8
		value, index, length uint16
		timeout              uint32 // ms
		data                 unsafe.Pointer
	}

	urb struct {
		kind, endpoint uint8
		status         int32 // 0 or a negative errno
		flags          uint32
		buffer         unsafe.Pointer
		length, actual int32
		start, packets int32
		errors         int32
		signal         uint32
		context        unsafe.Pointer
	}

	boundDriver struct {
		number uint32 // of the interface
		name   [256]byte
	}

	onInterface struct {
		number int32
		code   int32
		data   unsafe.Pointer
	}

	takeInterface struct {
		number uint32
		flags  uint32
		driver [256]byte
	}
)

const urbInterrupt = 1 // urb.kind

// exceptDriver makes a takeInterface leave the interface to the driver that it names.
const exceptDriver = 2

// Directions of an ioctl as asm-generic/ioctl.h codes them, which holds for all of Go's architectures but MIPS and PowerPC.
const (
	write = 1 << 30
	read  = 2 << 30
)

// Codes of ioctls. What is "read" and what is "written" is not told right by all of them.
const (
	control         = write | read | unsafe.Sizeof(controlTransfer{})<<16 | 'U'<<8
	getDriver       = write | unsafe.Sizeof(boundDriver{})<<16 | 'U'<<8 | 8
	submit          = read | unsafe.Sizeof(urb{})<<16 | 'U'<<8 | 10
	discard         = 'U'<<8 | 11
	reap            = write | unsafe.Sizeof(uintptr(0))<<16 | 'U'<<8 | 13 // does not wait
	resetPort       = 'U'<<8 | 20
	release         = read | 4<<16 | 'U'<<8 | 16
	callDriver      = write | read | unsafe.Sizeof(onInterface{})<<16 | 'U'<<8 | 18
	connect         = 'U'<<8 | 23
	disconnectClaim = read | unsafe.Sizeof(takeInterface{})<<16 | 'U'<<8 | 27
)

// ioctl returns what the kernel returns, again when a signal came in between.
func ioctl(fd, code uintptr, arg unsafe.Pointer) (int, error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, code, uintptr(arg))
		runtime.KeepAlive(arg)
		switch {
		case errno == 0:
			return int(n), nil
		case !errors.Is(errno, unix.EINTR):
			return 0, errno
		}
	}
}
