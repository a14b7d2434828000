package survey

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// ample is the room for a report that is longer than declared, in bytes: no known UPS sends more.
const ample = 256

var errUntouched = errors.New("not asked for: this device's firmware does not bear it")

// reports asks for every report as Feature. So does NUT for those that are declared as Input only.
func (t *taker) reports(progress func(done, total int)) error {
	length := make(map[uint8]int)
	for _, kind := range []hid.Kind{hid.Input, hid.Feature} {
		for _, id := range t.Parsed.Reports(kind) {
			length[id] = t.Parsed.ReportLen(kind, id)
		}
	}
	ids := slices.Sorted(maps.Keys(length))
	for i, id := range ids {
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		what := fmt.Sprintf("Feature 0x%02x", id)
		report, err := t.report(id, length[id])
		if err == nil {
			t.Feature[id] = report
		} else if t.Parsed.ReportLen(hid.Feature, id) == 0 {
			err = fmt.Errorf("declared as Input only: %w", err)
		}
		if err != nil {
			if err := t.miss(what, err); err != nil {
				return err
			}
		}
		progress(i+1, len(ids))
	}
	return nil
}

// report does one GET_REPORT(Feature), and another one with room to spare where the first was not simply refused: some UPSes send more
// than they declare (NUT's apc-hid.c: Back-UPS ES 525, Back-UPS CS).
func (t *taker) report(id uint8, length int) ([]byte, error) {
	if untouched(t.ID).report(id) {
		return nil, errUntouched
	}
	length = min(length, int(largest))
	report, err := t.get(id, length)
	if err == nil || length >= ample || errors.Is(err, usb.ErrStall) || errors.Is(err, usb.ErrGone) {
		return report, err
	}
	if report, again := t.get(id, ample); again == nil {
		return report, nil
	}
	return nil, err
}

func (t *taker) get(id uint8, length int) ([]byte, error) {
	data := make([]byte, length)
	n, err := t.dev.Control(classFromInterface, getReport, hid.Feature.Type()<<8|uint16(id), uint16(t.Interface), data)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, errEmpty
	case id != 0 && data[0] != id:
		return nil, fmt.Errorf("the answer is another report: % x", data[:min(n, 16)])
	}
	return data[:n], nil
}

// delicate is a device that must not be asked for something; NUT does not ask it either (libhid.c, tripplite-hid.c). Product 0 stands
// for all.
type delicate struct {
	vendor, product uint16
	reports         []uint8
	chemistry       bool // its string
}

var delicates = []delicate{
	{vendor: 0x0463, reports: []uint8{0xfe, 0xff}},
	{vendor: 0x047c, reports: []uint8{0xfe, 0xff}},
	{vendor: 0x09ae, product: 0x1330, reports: []uint8{0x54}},
	{vendor: 0x09ae, product: 0x1003, chemistry: true},
	{vendor: 0x09ae, product: 0x2005, chemistry: true},
}

func untouched(id usb.ID) delicate {
	for _, d := range delicates {
		if d.vendor == id.Vendor && (d.product == 0 || d.product == id.Product) {
			return d
		}
	}
	return delicate{}
}

func (d delicate) report(id uint8) bool { return slices.Contains(d.reports, id) }
