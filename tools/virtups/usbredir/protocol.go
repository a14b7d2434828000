// Package usbredir speaks the USB redirection protocol as the side that has the USB device.
//
// The protocol (version 0.7) joins a virtual machine, called the guest, to a device elsewhere, called the host. All integers are
// little-endian and nothing is padded.
//
// What a transfer's outcome becomes on its way to a program in the guest, by way of QEMU 7.2's usb-redir and xHCI, Linux 6.12's xhci_hcd and usbfs,
// libusb:
//
//	host                    QEMU            xHCI completion     URB                 libusb
//	Success                 SUCCESS         success             0                   COMPLETED; data over the length asked for are cut
//	Stall                   STALL           stall error         -EPIPE              STALL
//	Babble                  BABBLE          babble detected     -EOVERFLOW          OVERFLOW
//	IOError, TimedOut,      IOERROR         transaction error   -EPROTO             ERROR
//	Invalid, Cancelled
//	no answer               pending         none                -ENOENT, by its     TIMED_OUT, when its own limit is over
//	                                                            canceller
//	disconnect              detached        none                -ESHUTDOWN          NO_DEVICE
//
// Every status but Success halts the endpoint of QEMU's controller, and the kernel brings it back before the next transfer; a halt that the device itself
// keeps, as a stalled interrupt endpoint does, ends only with the guest's CLEAR_FEATURE. A transfer that nobody answers stays with QEMU until the guest
// cancels it: usbfs when libusb's limit is over, the kernel's own reading of descriptors after 5 s. QEMU then sends a cancel packet and takes one answer for
// it, late or not. Transfers of a device that is gone are never completed, those that come after it neither: usbfs learns from the disconnect, but a kernel that
// is reading descriptors waits 5 s for each of up to four tries, with the device locked, where hardware reports an error at once. A device that comes back
// is shown to the guest 200 ms after it went, at the earliest. The guest's own reset of the port arrives as a reset packet, several times in each
// enumeration. The status of start-receiving packets reaches the guest only with the next interrupt packet, so errors of the interrupt pipe are sent as
// packets.
package usbredir

// Type says what a packet is.
type Type uint32

// The packet types that a HID device's life needs, plus those that are answered with a refusal.
const (
	TypeHello                    Type = 0
	TypeDeviceConnect            Type = 1
	TypeDeviceDisconnect         Type = 2
	TypeReset                    Type = 3
	TypeInterfaceInfo            Type = 4
	TypeEndpointInfo             Type = 5
	TypeSetConfiguration         Type = 6
	TypeGetConfiguration         Type = 7
	TypeConfigurationStatus      Type = 8
	TypeSetAltSetting            Type = 9
	TypeGetAltSetting            Type = 10
	TypeAltSettingStatus         Type = 11
	TypeStartIso                 Type = 12
	TypeStopIso                  Type = 13
	TypeIsoStatus                Type = 14
	TypeStartInterrupt           Type = 15
	TypeStopInterrupt            Type = 16
	TypeInterruptReceivingStatus Type = 17
	TypeCancel                   Type = 21
	TypeFilterReject             Type = 22
	TypeFilterFilter             Type = 23
	TypeDisconnectAck            Type = 24
	TypeControl                  Type = 100
	TypeBulk                     Type = 101
	TypeIso                      Type = 102
	TypeInterrupt                Type = 103
)

// Status is the outcome of a transfer.
type Status uint8

// The outcomes that the protocol knows.
const (
	Success Status = iota
	Cancelled
	Invalid
	IOError
	Stall
	TimedOut
	Babble
)

// Capability is one bit of a hello.
type Capability uint32

// The capabilities that this package uses. QEMU's xHCI refuses a host that lacks one of the last three.
const (
	CapDeviceVersion Capability = 1 << 1
	CapFilter        Capability = 1 << 2
	CapDisconnectAck Capability = 1 << 3
	CapMaxPacketSize Capability = 1 << 4
	Cap64BitIDs      Capability = 1 << 5
	Cap32BitBulk     Capability = 1 << 6

	HostCapabilities = CapDeviceVersion | CapDisconnectAck | CapMaxPacketSize | Cap64BitIDs | Cap32BitBulk
)

// slots is how many endpoints or interfaces an info packet has room for.
const slots = 32

// Endpoint types are USB's own (USB 2.0, table 9-13), with one more for an empty slot.
const (
	endpointControl   = 0
	endpointInterrupt = 3
	endpointUnused    = 255

	transferMask = 0x03 // of the attributes in an endpoint descriptor
)

// Speed is the speed that a device signals when it is plugged in.
type Speed uint8

// The speeds of USB 1.1. A UPS is never faster.
const (
	LowSpeed Speed = iota
	FullSpeed
)

// slot is the index of an endpoint address in an EndpointInfo: OUT 0 to 15, IN 16 to 31.
func slot(address uint8) int {
	return int(address&0x0f) | int(address&0x80)>>3
}
