package usbredir

import (
	"slices"
	"time"
)

// handle answers one packet of the guest. What it does not know it leaves unanswered, as the protocol asks.
func (s *session) handle(p Packet) error {
	switch p.Type {
	case TypeDisconnectAck:
		s.leaving = false
		return nil
	case TypeCancel:
		return s.cancel(p.ID)
	}
	if s.shown == 0 {
		return nil // sent before the guest saw the disconnect
	}
	switch p.Type {
	case TypeReset:
		s.reset(time.Now())
		return nil
	case TypeSetConfiguration, TypeGetConfiguration:
		return s.configuration(p)
	case TypeSetAltSetting, TypeGetAltSetting:
		return s.altSetting(p)
	case TypeStartInterrupt, TypeStopInterrupt:
		return s.receive(p)
	case TypeStartIso, TypeStopIso:
		return s.refuseIso(p)
	case TypeControl:
		return s.control(p)
	case TypeInterrupt:
		return s.interruptOut(p)
	case TypeBulk:
		return s.bulk(p)
	}
	return nil
}

// connect describes the device and plugs it in, in the order that QEMU needs.
func (s *session) connect() error {
	s.host.device.Reset()
	s.port, s.config = s.host.device.Port(), 1
	if err := s.describe(); err != nil {
		return err
	}
	body := Encode(DeviceConnect{
		Speed: s.port.Speed, Vendor: s.port.Vendor, Product: s.port.Product, Release: s.port.Release,
	}, nil)
	return s.send(TypeDeviceConnect, 0, short(body, 8, s.caps&CapDeviceVersion != 0))
}

// describe sends the endpoints and the interfaces. The guest forgets them with each change of configuration or alternate setting.
func (s *session) describe() error {
	var ep EndpointInfo
	for i := range slots {
		ep.Type[i] = endpointUnused
	}
	for _, i := range []int{slot(0x00), slot(0x80)} {
		ep.Type[i], ep.MaxPacket[i] = endpointControl, controlPacket
	}
	in := InterfaceInfo{}
	for _, i := range s.port.interfaces() {
		n := in.Count
		in.Number[n], in.Class[n], in.Subclass[n], in.Protocol[n] = i.Number, i.Class, i.Subclass, i.Protocol
		in.Count++
		for _, e := range i.Endpoints {
			n := slot(e.Address)
			ep.Type[n], ep.Interval[n], ep.Interface[n], ep.MaxPacket[n] = e.Attributes&transferMask, e.Interval, i.Number, e.MaxPacket
		}
	}
	if err := s.send(TypeEndpointInfo, 0, short(Encode(ep, nil), 3*slots, s.caps&CapMaxPacketSize != 0)); err != nil {
		return err
	}
	return s.send(TypeInterfaceInfo, 0, Encode(in, nil))
}

// controlPacket is the largest packet of endpoint 0, in bytes: the one size that both speeds allow.
const controlPacket = 8

// The requests that the protocol turns into packets of their own (USB 2.0, 9.4).
var (
	getConfiguration = Control{Endpoint: 0x80, RequestType: 0x80, Request: 8, Length: 1}
	setConfiguration = Control{RequestType: 0x00, Request: 9}
	getInterface     = Control{Endpoint: 0x80, RequestType: 0x81, Request: 10, Length: 1}
	setInterface     = Control{RequestType: 0x01, Request: 11}
)

func (s *session) configuration(p Packet) error {
	want, setup := s.config, getConfiguration
	if p.Type == TypeSetConfiguration {
		setup = setConfiguration
		if _, err := Decode(p, &want); err != nil {
			return err
		}
		setup.Value = uint16(want)
	}
	return s.ask(p.ID, setup, nil, func(_ []byte, status Status) error {
		switch {
		case want > 1:
			status = Stall
		case status == Success:
			s.config = want
		}
		if err := s.describe(); err != nil {
			return err
		}
		return s.send(TypeConfigurationStatus, p.ID, Encode(ConfigurationStatus{status, s.config}, nil))
	})
}

func (s *session) altSetting(p Packet) error {
	var want [2]uint8 // interface, alternate setting
	setup := setInterface
	if p.Type == TypeGetAltSetting {
		setup = getInterface
		p.Body = append(p.Body, 0)
	}
	if _, err := Decode(p, &want); err != nil {
		return err
	}
	setup.Index, setup.Value = uint16(want[0]), uint16(want[1])
	return s.ask(p.ID, setup, nil, func(_ []byte, status Status) error {
		if want[1] != 0 || !slices.ContainsFunc(s.port.interfaces(), func(i Interface) bool { return i.Number == want[0] }) {
			status = Stall
		}
		if err := s.describe(); err != nil {
			return err
		}
		return s.send(TypeAltSettingStatus, p.ID, Encode(AltSettingStatus{status, want[0], 0}, nil))
	})
}

// receive starts or stops the reading of interrupt reports. A guest does both all the time.
func (s *session) receive(p Packet) error {
	var ep uint8
	if _, err := Decode(p, &ep); err != nil {
		return err
	}
	status := Success
	switch {
	case ep == s.port.Endpoint:
		s.receiving = p.Type == TypeStartInterrupt
	case !s.port.silent(ep):
		status = Invalid
	}
	return s.send(TypeInterruptReceivingStatus, p.ID, Encode(EndpointStatus{status, ep}, nil))
}

func (s *session) refuseIso(p Packet) error {
	var ep uint8
	if _, err := Decode(p, &ep); err != nil {
		return err
	}
	return s.send(TypeIsoStatus, p.ID, Encode(EndpointStatus{Invalid, ep}, nil))
}
