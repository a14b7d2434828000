package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inputEvent is struct input_event of linux/input.h on a 64-bit machine.
type inputEvent struct {
	_     [2]int64
	kind  uint16
	code  uint16
	value int32
}

// Of linux/input-event-codes.h.
const (
	evKey    = 1
	keyPower = 116
	pressed  = 1
)

// watchButtons calls press for each press of a power button, on the input devices that have one, until ctx ends.
func watchButtons(ctx context.Context, dev string, logger *slog.Logger, press func()) {
	paths, err := filepath.Glob(filepath.Join(dev, "input/event*"))
	if err != nil {
		return
	}
	var readers sync.WaitGroup
	defer readers.Wait()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			logger.Warn("input device", "err", err)
			continue
		}
		if !hasPowerKey(f) {
			f.Close()
			continue
		}
		logger.Debug("power button", "device", path)
		stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
		readers.Go(func() {
			defer f.Close()
			defer stop()
			err := readButton(f, press)
			if ctx.Err() == nil {
				logger.Warn("power button", "err", err)
			}
		})
	}
}

// readButton reads events until that fails.
func readButton(r io.Reader, press func()) error {
	var e inputEvent
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&e)), unsafe.Sizeof(e))
	for {
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		if e.kind == evKey && e.code == keyPower && e.value == pressed {
			press()
		}
	}
}

// hasPowerKey asks the device for its bit map of keys: EVIOCGBIT(EV_KEY, n).
func hasPowerKey(f *os.File) bool {
	var keys [96]byte
	const request = 2<<30 | uintptr(len(keys))<<16 | 'E'<<8 | (0x20 + evKey)
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&keys)))
	})
	return err == nil && errno == 0 && keys[keyPower/8]&(1<<(keyPower%8)) != 0
}
