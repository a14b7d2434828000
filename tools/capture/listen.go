package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// maxPackets bounds what is recorded of a device that never stops talking.
const maxPackets = 5000

// packet is one interrupt packet and when it came, from the beginning of the listening.
type packet struct {
	at   time.Duration
	data []byte
}

// listen records what the device sends, until the time is over, ctx ends or the device fails, with the error.
func listen(ctx context.Context, device usb.Device, length time.Duration, show func(left time.Duration, packets int)) ([]packet, error) {
	begun := time.Now()
	ctx, cancel := context.WithDeadline(ctx, begun.Add(length))
	defer cancel()
	var all []packet
	buffer := make([]byte, 1024) // the largest packet of USB 2.0
	for len(all) < maxPackets {
		show((length - time.Since(begun)).Round(time.Second), len(all))
		n, err := next(ctx, device, buffer)
		switch {
		case err == nil && n > 0:
			all = append(all, packet{time.Since(begun), slices.Clone(buffer[:n])})
		case ctx.Err() != nil:
			return all, nil
		case err != nil && !errors.Is(err, context.DeadlineExceeded): // which is a second without a packet
			return all, err
		}
	}
	return all, nil
}

// next waits for a packet, at most for a second, so that the time that is left can be shown.
func next(ctx context.Context, device usb.Device, buffer []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return device.Interrupt(ctx, buffer)
}

// together is the longest pause between two packets of one report: the pipe is polled each 10 ms or so.
const together = 100 * time.Millisecond

// join makes reports of the packets, the last one of each id. A report that is longer than a packet comes in several, of which all
// but the last are full (USB 2.0, 5.7.3). Some UPSes send only the first of them.
func join(packets []packet, d *hid.Descriptor, full int) map[uint8][]byte {
	reports := make(map[uint8][]byte)
	numbered := slices.ContainsFunc(d.Fields, func(f hid.Field) bool { return f.ReportID != 0 })
	var part []byte
	var last time.Duration
	for _, p := range packets {
		if p.at-last > together {
			part = nil
		}
		last = p.at
		part = append(part, p.data...)
		id := uint8(0)
		if numbered {
			id = part[0]
		}
		reports[id] = slices.Clone(part)
		if len(p.data) != full || len(part) >= d.ReportLen(hid.Input, id) {
			part = nil
		}
	}
	return reports
}
