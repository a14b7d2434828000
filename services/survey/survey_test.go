package survey_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/survey"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

var id = usb.ID{Vendor: 0x1209, Product: 1, Port: "1-1", Bus: 1, Address: 2, Serial: "A"}

// descriptor has an iDeviceChemistry in report 1, a vendor's text with a String Index in report 2, a Voltage in reports 3 (Feature)
// and 4 (Input).
var descriptor = []byte{
	0x05, 0x84, 0x09, 0x04, 0xa1, 0x01,
	0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x01,
	0x85, 0x01, 0x05, 0x85, 0x09, 0x89, 0xb1, 0x22,
	0x85, 0x02, 0x06, 0x00, 0xff, 0x09, 0x01, 0x79, 0x07, 0xb1, 0x22,
	0x85, 0x03, 0x05, 0x84, 0x09, 0x30, 0xb1, 0x22,
	0x85, 0x04, 0x09, 0x30, 0x81, 0x22,
	0xc0,
}

// device answers also the requests to the device as a whole.
type device struct {
	*usbtest.Device
	own map[uint16][]byte // by wValue
}

func (d device) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if answer, ok := d.own[value]; ok && requestType == 0x80 && request == 6 {
		return copy(data, answer), nil
	}
	return d.Device.Control(requestType, request, value, index, data)
}

var configuration = []byte{9, 2, 12, 0, 1, 1, 0, 0x80, 0, 3, 4, 0}

func newDevice() device {
	d := usbtest.New(id, descriptor)
	d.SetReport(usbtest.Feature, 1, 1, 4)
	d.SetReport(usbtest.Feature, 2, 2, 7)
	d.SetReport(usbtest.Feature, 3, 3, 230)
	d.SetString(2, "Thing")
	d.SetString(4, "PbAc")
	d.SetString(7, "v1.2")
	return device{d, map[uint16][]byte{
		0x0100: {18, 1, 0, 2, 0, 0, 0, 8, 9, 0x12, 1, 0, 0, 1, 0, 2, 3, 1},
		0x0200: configuration,
	}}
}

func TestTake(t *testing.T) {
	d := newDevice()
	var told []string
	s, err := survey.Take(t.Context(), d, func(done, total int) { told = append(told, fmt.Sprintf("%d of %d", done, total)) })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Report, descriptor) || len(s.HID) != 9 || !slices.Equal(s.AskedHID, s.HID) || len(s.Device) != 18 || !slices.Equal(s.Configuration, configuration) {
		t.Errorf("descriptors: %x", [][]byte{s.Report, s.HID, s.AskedHID, s.Device, s.Configuration})
	}
	if want := map[uint8][]byte{1: {1, 4}, 2: {2, 7}, 3: {3, 230}}; !reflect.DeepEqual(s.Feature, want) {
		t.Errorf("reports: %v", s.Feature)
	}
	if want := map[uint8]string{2: "Thing", 4: "PbAc", 7: "v1.2"}; !maps.Equal(s.Strings, want) {
		t.Errorf("strings: %v", s.Strings)
	}
	if got := missing(s); !slices.Equal(got, []string{
		"Feature 0x04: declared as Input only: request refused by the device", "string 3: request refused by the device",
	}) {
		t.Errorf("missing: %q", got)
	}
	if want := []string{"1 of 4", "2 of 4", "3 of 4", "4 of 4"}; !slices.Equal(told, want) {
		t.Errorf("progress: %q", told)
	}
	if text, ok := s.Text(&s.Parsed.Fields[0]); !ok || text != "PbAc" || !s.IsPower() {
		t.Errorf("chemistry %q, %v; power %v", text, ok, s.IsPower())
	}
	onlyReads(t, d.Transfers())
}

// onlyReads asserts that the UPS was asked for nothing but descriptors and reports.
func onlyReads(t *testing.T, transfers []usbtest.Transfer) {
	t.Helper()
	for _, tr := range transfers {
		switch [2]uint8{tr.RequestType, tr.Request} {
		case [2]uint8{0x80, 6}, [2]uint8{0x81, 6}, [2]uint8{0xa1, 1}:
		default:
			t.Errorf("request %02x %02x, value %04x: more than reading", tr.RequestType, tr.Request, tr.Value)
		}
	}
}

func missing(s *survey.Survey) []string {
	var all []string
	for _, m := range s.Missing {
		all = append(all, m.What+": "+m.Err.Error())
	}
	return all
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		spoil   func(device)
		missing string // of report 3
		err     error
	}{
		"stall":         {func(d device) { d.Fail(usbtest.Feature, 3, usbtest.Stall) }, "request refused by the device", nil},
		"silence":       {func(d device) { d.Fail(usbtest.Feature, 3, usbtest.Timeout(time.Second)) }, "no answer in time", nil},
		"nothing":       {func(d device) { d.Fail(usbtest.Feature, 3, usbtest.Short(0)) }, "the answer is empty", nil},
		"other report":  {func(d device) { d.Fail(usbtest.Feature, 3, usbtest.Garbage(9, 1)) }, "the answer is another report: 09 01", nil},
		"gone":          {func(d device) { d.Fail(usbtest.Feature, 3, usbtest.Gone) }, "", usb.ErrGone},
		"no descriptor": {func(d device) { d.FailAll(usbtest.Stall) }, "", usb.ErrStall},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				test.spoil(d)
				s, err := survey.Take(t.Context(), d, nil)
				if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
					t.Fatalf("got %v", err)
				}
				if err == nil && !slices.Contains(missing(s), "Feature 0x03: "+test.missing) {
					t.Errorf("missing: %q", missing(s))
				}
				onlyReads(t, d.Transfers())
			})
		})
	}
}

// An answer that does not fit is asked for again with more room.
func TestLongReport(t *testing.T) {
	d := newDevice()
	d.SetReport(usbtest.Feature, 3, 3, 230, 1, 2)
	first := true
	d.Fail(usbtest.Feature, 3, func(answer []byte) ([]byte, error) {
		if first {
			first = false
			return nil, errors.New("overflow")
		}
		return answer, nil
	})
	s, err := survey.Take(t.Context(), d, nil)
	if err != nil || !slices.Equal(s.Feature[3], []byte{3, 230, 1, 2}) {
		t.Errorf("got %v, %v", s, err)
	}
}

// The report descriptor is read whole though its length is told wrong.
func TestWrongLength(t *testing.T) {
	for name, hidDescriptor := range map[string][]byte{
		"none":      nil,
		"too short": {9, 0x21, 0x10, 1, 0, 1, 0x22, 30, 0},
		"zero":      {9, 0x21, 0x10, 1, 0, 1, 0x22, 0, 0},
		"garbage":   {9, 0x21, 0x10},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice()
			d.SetHIDDescriptor(hidDescriptor)
			s, err := survey.Take(t.Context(), d, nil)
			if err != nil || !slices.Equal(s.Report, descriptor) {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDevice()
	_, err := survey.Take(ctx, d, func(int, int) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What makes a firmware fail is not asked for.
func TestDelicate(t *testing.T) {
	for _, test := range []struct {
		vendor, product uint16
		report          byte // that takes the place of report 1
		want            string
	}{
		{0x09ae, 0x1330, 0x54, "Feature 0x54"},
		{0x0463, 0x0001, 0xfe, "Feature 0xfe"},
		{0x09ae, 0x2005, 0x01, "string 4"},
	} {
		moved := slices.Clone(descriptor)
		moved[16] = test.report
		d := usbtest.New(usb.ID{Vendor: test.vendor, Product: test.product}, moved)
		d.SetReport(usbtest.Feature, test.report, test.report, 4)
		d.SetString(4, "PbAc")
		s, err := survey.Take(t.Context(), d, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(missing(s), "\n"); !strings.Contains(got, test.want+": not asked for") || len(s.Strings) != 0 {
			t.Errorf("%04x:%04x: missing %q, strings %v", test.vendor, test.product, got, s.Strings)
		}
	}
}

func FuzzTake(f *testing.F) {
	f.Add(descriptor, []byte{1, 4})
	f.Add([]byte{0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, 0x89, 0x00, 0x99, 0xff, 0xfe, 0x03, 0x00, 0xc0}, []byte{0})
	f.Fuzz(func(t *testing.T, report, answer []byte) {
		d := usbtest.New(id, report)
		for i := range 256 {
			d.SetReport(usbtest.Feature, uint8(i), answer...)
		}
		s, err := survey.Take(t.Context(), d, nil)
		if err != nil {
			return
		}
		for i := range s.Parsed.Fields {
			if _, ok := s.Text(&s.Parsed.Fields[i]); ok && s.Parsed.Fields[i].Kind != hid.Feature {
				t.Errorf("text of %v", s.Parsed.Fields[i].Path)
			}
		}
	})
}
