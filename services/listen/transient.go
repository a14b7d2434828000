package listen

import (
	"errors"
	"syscall"
	"time"
)

// Rest is how long to wait after an error that IsTransient.
const Rest = 50 * time.Millisecond

// IsTransient reports whether accepting may work again in a moment.
func IsTransient(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
