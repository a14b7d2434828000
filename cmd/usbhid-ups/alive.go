package main

import (
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/usb"
)

// answering is a device that answers for the driver's loop after each transfer, of which the loop may make many before it waits again.
type answering struct {
	usb.Device
	loop heartbeat.Loop
}

// Control implements usb.Device.
func (a answering) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	defer a.loop.Turn()
	return a.Device.Control(requestType, request, value, index, data)
}

// String implements usb.Device.
func (a answering) String(index uint8) (string, error) {
	defer a.loop.Turn()
	return a.Device.String(index)
}

// open opens a device whose transfers the loop answers after.
func open(bus opener, id usb.ID, number int, loop heartbeat.Loop) (usb.Device, error) {
	device, err := bus.Open(id, number)
	if err != nil {
		return nil, err
	}
	return answering{device, loop}, nil
}
