package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/devices"
)

// fake is a device that is as described, without the answers to what is asked of the device as a whole.
func fake(d *device.Description) *usbtest.Device {
	f := usbtest.New(identify(d), d.ReportDescriptor)
	for id, report := range d.Feature {
		f.SetReport(usbtest.Feature, id, report...)
	}
	for i, text := range []string{d.Manufacturer, d.Model, d.Serial, "PbAc"} {
		f.SetString(uint8(i+1), text)
	}
	return f
}

func identify(d *device.Description) usb.ID {
	return usb.ID{Vendor: d.Vendor, Product: d.Product, Release: d.Release, Port: "1-1", Bus: 1, Address: 2,
		Manufacturer: d.Manufacturer, ProductName: d.Model, Serial: d.Serial}
}

func own(t *testing.T) *device.Description {
	t.Helper()
	d, err := devices.Open(devices.Default)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// bench is a machine with USB devices.
type bench struct {
	sysfs          *usbtest.Sysfs
	device         *usbtest.Device
	stdout, stderr bytes.Buffer
	terminal       bool
	took           bool
}

func newBench(t *testing.T, d *usbtest.Device) *bench {
	b := &bench{sysfs: usbtest.NewSysfs(t), device: d}
	b.sysfs.Plug(d.ID(), usbtest.HID)
	return b
}

func (b *bench) run(ctx context.Context, args ...string) int {
	return run(ctx, args, world{
		sysfs: b.sysfs.Root, now: func() time.Time { return time.Unix(1e9, 0) }, stdout: &b.stdout, stderr: &b.stderr, terminal: b.terminal,
		open: func(_ usb.ID, _ int, take bool) (usb.Device, error) {
			b.took = take
			return b.device, nil
		},
	})
}

// recorded runs the program and reads its file back.
func (b *bench) recorded(t *testing.T, args ...string) (*device.Description, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ups.toml")
	if code := b.run(t.Context(), append(args, "-o", file)...); code != 0 {
		t.Fatalf("exit code %d: %s", code, &b.stderr)
	}
	d, err := device.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return d, string(text)
}

// What is recorded describes the same device, and it was only read.
func TestRoundTrip(t *testing.T) {
	want := own(t)
	b := newBench(t, fake(want))
	got, text := b.recorded(t, "-interrupts", "0s")
	if identify(got) != identify(want) || !bytes.Equal(got.ReportDescriptor, want.ReportDescriptor) {
		t.Errorf("another device: %+v", identify(got))
	}
	if !maps.EqualFunc(got.Feature, want.Feature, bytes.Equal) {
		t.Errorf("reports %x, want %x", got.Feature, want.Feature)
	}
	texts := map[uint8]string{1: want.Manufacturer, 2: want.Model, 3: want.Serial, 4: "PbAc"}
	if !maps.Equal(got.Strings, texts) {
		t.Errorf("strings %q, want %q", got.Strings, texts)
	}
	for _, line := range []string{"date = \"2001-09-09\"", "serial_masked = false", "path = \"UPS.PowerSummary.RemainingCapacityLimit\"\n" +
		"type = \"Feature\"\nreport_id = 0x03\noffset = 0\nsize = 8\nvalue = \"20\"", "\"Feature 0x10\" = \"request refused by the device\""} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	onlyRead(t, b.device)
}

// onlyRead asserts that the device was asked for nothing but descriptors and reports, and given back.
func onlyRead(t *testing.T, d *usbtest.Device) {
	t.Helper()
	for _, tr := range d.Transfers() {
		code := [2]uint8{tr.RequestType, tr.Request}
		if !slices.Contains([][2]uint8{{0x80, 6}, {0x81, 6}, {0xa1, 1}}, code) {
			t.Errorf("request % x, value %04x: more than reading", code, tr.Value)
		}
	}
	if !d.Closed() {
		t.Error("the device was not given back")
	}
}

// The fields are those that NUT listed of the same devices, with its values.
func TestPathsAreNUTs(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		t.Run(c.Name, func(t *testing.T) {
			f := usbtest.New(usb.ID{Vendor: 0x1209, Port: "1-1"}, c.Descriptor(t))
			for id, report := range c.Feature(t) {
				f.SetReport(usbtest.Feature, id, report...)
			}
			for _, report := range c.Input(t) {
				f.Push(report...)
			}
			_, text := newBench(t, f).recorded(t, "-interrupts", "20ms")
			var got hidtest.Capture
			if err := toml.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if got.Verify.Items != c.Verify.Items {
				t.Errorf("%d items, NUT has %d", got.Verify.Items, c.Verify.Items)
			}
			values := make(map[string]string)
			for _, p := range got.Paths {
				values[fmt.Sprint(p.Type, p.ReportID, p.Offset, p.Size)] = p.Value
			}
			for _, p := range c.Paths {
				value := values[fmt.Sprint(p.Type, p.ReportID, p.Offset, p.Size)]
				got, _ := strconv.ParseFloat(value, 64)
				want, err := strconv.ParseFloat(p.Value, 64)
				if err != nil || value == "" || math.Abs(got-want) > 1e-5*math.Abs(want) {
					t.Errorf("%s %s in report 0x%02x, bit %d, size %d is %q, NUT says %q", p.Type, p.Path, p.ReportID, p.Offset, p.Size, value, p.Value)
				}
			}
		})
	}
}

func TestInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := fake(own(t))
		b := newBench(t, d)
		b.terminal = true
		go func() {
			time.Sleep(1500 * time.Millisecond)
			d.Push(0x10, 99, 1, 2, 3)
			time.Sleep(700 * time.Millisecond)
			d.Push(0x10, 98, 1, 2, 3)
		}()
		got, text := b.recorded(t, "-interrupts", "10s", "-take")
		if !bytes.Equal(got.Input[0x10], []byte{0x10, 98, 1, 2, 3}) {
			t.Errorf("input reports %x", got.Input)
		}
		if want := "[[interrupts]]\nat = 1.500\ndata = \"1063010203\"\n\n[[interrupts]]\nat = 2.200\n"; !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
		for _, want := range []string{"\rreport 20 of 20", "\r9s more, 1 packets"} {
			if !strings.Contains(b.stderr.String(), want) {
				t.Errorf("no %q in %q", want, &b.stderr)
			}
		}
		if !b.took {
			t.Error("-take was not heeded")
		}
		onlyRead(t, d)
	})
}

// Ctrl-C while the program listens ends that; before, it ends the program without a file.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fake(own(t)))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if code := b.run(ctx, "-interrupts", "1h", "-o", "-"); code != 0 || !strings.Contains(b.stdout.String(), "[[paths]]") {
			t.Errorf("exit code %d, %s", code, &b.stderr)
		}
		onlyRead(t, b.device)
		b.device.Reopen()
		file := filepath.Join(t.TempDir(), "ups.toml")
		if code := b.run(ctx, "-o", file); code != 1 || !strings.Contains(b.stderr.String(), "context deadline exceeded") {
			t.Errorf("exit code %d, %s", code, &b.stderr)
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("there is a file")
		}
		onlyRead(t, b.device)
	})
}

func TestDeviceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := fake(own(t))
		d.Fail(usbtest.Feature, 4, usbtest.Timeout(time.Second))
		b := newBench(t, d)
		go func() {
			time.Sleep(5 * time.Second)
			d.Unplug()
		}()
		_, text := b.recorded(t)
		for _, want := range []string{`"Feature 0x04" = "no answer in time"`, `"interrupts" = "device is gone"`} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	})
}

func TestMask(t *testing.T) {
	for serial, x := range map[string]string{"AB-1234": "XXXXXXX", "0": "X", "Gerät 7": "XXXXXXX"} {
		d := own(t)
		d.Serial, d.Model = serial, "UPS 10 s/n "+serial
		f := fake(d)
		f.SetReport(usbtest.Feature, 0x50, append([]byte{0x50}, serial...)...)
		b := newBench(t, f)
		got, text := b.recorded(t, "-mask-serial", "-interrupts", "0s")
		if got.Serial != x || got.Strings[3] != x || !strings.Contains(text, "serial_masked = true") {
			t.Errorf("serial %q, strings %q", got.Serial, got.Strings)
		}
		masked := len(serial) >= short
		if strings.Contains(text, serial) == masked || strings.HasSuffix(got.Model, x) != masked {
			t.Errorf("model %q in\n%s", got.Model, text)
		}
		if report := got.Feature[0x50]; bytes.Contains(report, []byte(serial)) == masked || len(report) != 1+len(serial) {
			t.Errorf("report %q", report)
		}
		if strings.Contains(b.stderr.String(), "the file holds the serial number") {
			t.Errorf("said %q", &b.stderr)
		}
	}
}

func TestFileName(t *testing.T) {
	id := usb.ID{Vendor: 0x051d, Product: 2, ProductName: "Back-UPS ES 700G  FW:871.O4 .I USB FW:O4 9B12", Serial: "9B12"}
	if got, want := fileName(id), "051d-0002-back-ups-es-700g-fw-871-o4-i-usb-fw-o4.toml"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fileName(usb.ID{}), "0000-0000.toml"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\"\\\x00\x7f\n\xffü")
	f.Fuzz(func(t *testing.T, text string) {
		var got struct{ Text string }
		if err := toml.Unmarshal([]byte("text = "+quote(text)), &got); err != nil || got.Text != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q became %q, %v", text, got.Text, err)
		}
	})
}
