package usbhid

import (
	"cmp"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// built makes a field for the path in the report, of 16 bits, and says what it holds.
type built struct {
	path     string
	id       uint8
	raw      int64
	unit     uint32
	exponent int
	size     int // 0 is 16
}

// readOf makes a device of a family, reads all of it and returns the model.
func readOf(t testing.TB, f *family, id usb.ID, fields ...built) *model {
	t.Helper()
	m := unread(t, f, id, fields...)
	for _, b := range fields {
		report := make([]byte, 9)
		report[0] = b.id
		for i := range 8 {
			report[1+i] = byte(b.raw >> (8 * i))
		}
		m.commit(m.decode(key{hid.Feature, b.id}, report))
	}
	m.vars(nil)
	for i := range m.texts.wanted {
		m.texts.set(i, "PbAc")
	}
	return m
}

func unread(t testing.TB, f *family, id usb.ID, fields ...built) *model {
	t.Helper()
	d, problems := hid.Parse(descriptorOf(t, f, fields...))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return f.model(id, d)
}

func descriptorOf(t testing.TB, f *family, fields ...built) []byte {
	t.Helper()
	var all []hidtest.Built
	for _, b := range fields {
		path, err := hid.ParsePath(b.path, f.names)
		if err != nil {
			t.Fatal(err)
		}
		size := b.size
		if size == 0 {
			size = 16
		}
		all = append(all, hidtest.Built{Path: path, Kind: hid.Feature, ReportID: b.id, Size: size, Max: 1<<size - 1, Unit: b.unit, Exponent: b.exponent})
	}
	return hidtest.Build(all...)
}

// expect compares variables of a model.
func expect(t testing.TB, what string, m *model, want map[string]string) {
	t.Helper()
	got := m.vars(nil)
	for name, value := range want {
		if got[name].Value != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name].Value, value)
		}
	}
}

// reordered gives the fields the other way round, with other report ids.
func reordered(fields []built) []built {
	var all []built
	for i, b := range fields {
		b.id = uint8(0x90 + i)
		all = append([]built{b}, all...)
	}
	return all
}

// played is a Run on a device that was built, with a desk.
type played struct {
	t     *testing.T
	dev   *counted
	store *ups.Store
	desk  *Desk
}

// counted counts the string descriptors that are read.
type counted struct {
	*usbtest.Device
	strings int
}

func (c *counted) String(index uint8) (string, error) {
	c.strings++
	return c.Device.String(index)
}

// playOf runs f beside a Run on the device that has the fields, once everything was read. Its string 7 is "PbAc".
func playOf(t *testing.T, id usb.ID, o Options, f func(p *played), fields ...built) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		family := familyOf(id)
		dev := &counted{Device: usbtest.New(id, descriptorOf(t, family, fields...))}
		dev.SetString(7, "PbAc")
		for _, b := range fields {
			wire := []byte{b.id}
			for i := range (cmp.Or(b.size, 16) + 7) / 8 {
				wire = append(wire, byte(b.raw>>(8*i)))
			}
			dev.SetReport(usbtest.Feature, b.id, wire...)
		}
		p := &played{t: t, dev: dev, store: ups.NewStore(), desk: NewDesk(nil)}
		o.Desk = p.desk
		u, err := Open(t.Context(), dev, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go u.Run(ctx, p.store)
		time.Sleep(20 * time.Second)
		if n := len(dev.Writes()); n > 0 {
			t.Errorf("%d writes without an order", n)
		}
		f(p)
		cancel()
		synctest.Wait()
	})
}

func (p *played) expect(want map[string]string) {
	p.t.Helper()
	for name, value := range want {
		if got := p.store.Get().Value(name); got != value {
			p.t.Errorf("%v: %s is %q, want %q", p.dev.ID(), name, got, value)
		}
	}
}

// order carries out a command and returns what was written, "" for nothing, and the error.
func (p *played) order(name, param string) (reports [][]byte, err error) {
	before := len(p.dev.Writes())
	err = p.desk.InstCmd(p.t.Context(), name, param)
	for _, w := range p.dev.Writes()[before:] {
		reports = append(reports, w.Data)
	}
	return reports, err
}
