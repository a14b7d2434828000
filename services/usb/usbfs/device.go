package usbfs

import (
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbdesc"
)

var _ usb.Device = (*device)(nil)

// controlTimeout bounds each control transfer.
const controlTimeout = time.Second

type device struct {
	id       usb.ID
	file     *os.File // the node; a file for the runtime's poller
	conn     syscall.RawConn
	hid      usbdesc.HIDInterface
	strings  usbdesc.Strings
	claimed  bool
	reattach bool // the interface had a driver of the kernel
	hung     bool // an interrupt read was not given back; only Interrupt looks

	calls usb.Transfers
}

func (d *device) ID() usb.ID                         { return d.id }
func (d *device) Interface() uint8                   { return d.hid.Number }
func (d *device) HIDDescriptor() []byte              { return slices.Clone(d.hid.Descriptor) }
func (d *device) String(index uint8) (string, error) { return d.strings.Get(index) }

func (d *device) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if !d.calls.Begin(nil) {
		return 0, errClosed
	}
	defer d.calls.Done()
	c := controlTransfer{
		requestType: requestType, request: request, value: value, index: index, length: uint16(len(data)),
		timeout: uint32(controlTimeout / time.Millisecond), data: unsafe.Pointer(unsafe.SliceData(data)),
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	if len(data) > 0 {
		pin.Pin(&data[0])
	}
	n, err := d.ioctl(control, unsafe.Pointer(&c))
	return n, wrap(err)
}

// Close waits for the transfers under way and gives the interface back.
func (d *device) Close() error {
	if !d.calls.Close() {
		return nil
	}
	d.calls.Wait()
	d.unclaim()
	return d.file.Close()
}
