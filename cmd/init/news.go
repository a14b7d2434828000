package main

import (
	"fmt"

	"github.com/upscard/upscard/services/usb"
)

// tell writes to the log what became of seats. The console shows it.
func (w *usbWorld) tell(s *seats, n news) {
	seated := func(number int) string {
		seat, _ := s.roster.Seat(number)
		return described(seat)
	}
	for _, err := range n.full {
		w.logger.Warn("device is left alone", "err", err)
	}
	for _, old := range n.replaced {
		w.logger.Warn("all seats are taken: the last one, whose device is not plugged in, goes to another", "device", seated(len(s.roster)),
			"was", described(old), "seat", len(s.roster))
	}
	for _, seat := range n.followed {
		w.logger.Warn("another device than before is on this USB port: if it is a UPS it gets a name of its own, and the one that was there keeps "+
			"its name. An entry in upscard.toml can give it that one", "device", seated(seat), "seat", seat)
	}
	for _, seat := range n.ended {
		w.logger.Info("driver of a device that was unplugged ends", "device", seated(seat), "seat", seat)
	}
}

// described is a seat with all that tells its device from others.
func described(seat usb.Seat) string { return fmt.Sprintf("%v, serial %q", seat, seat.Serial) }
