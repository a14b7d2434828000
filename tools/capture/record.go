package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/upscard/upscard/services/survey"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbdesc"
	"github.com/upscard/upscard/services/usbpick"
)

// recording is all that goes into the file.
type recording struct {
	*survey.Survey
	date     time.Time
	lowSpeed bool
	packet   int // size of the interrupt endpoint's packets, 0 where unknown
	input    map[uint8][]byte
	packets  []packet
	masked   bool
}

// record finds the device, reads it and writes the file.
func record(ctx context.Context, o options, w world) error {
	id, err := usbpick.Find(w.sysfs, o.wish)
	if err != nil {
		return err
	}
	device, err := w.open(id, o.number, o.take)
	if err != nil {
		return err
	}
	defer device.Close() // gives it back to the driver it had
	out, err := create(cmp.Or(o.out, fileName(id)), w.stdout)
	if err != nil {
		return err
	}
	r, err := read(ctx, device, o, w)
	if err != nil {
		out.abandon()
		return err
	}
	if err := out.finish(r.encode()); err != nil {
		return err
	}
	fmt.Fprint(w.stderr, r.summary(out.name))
	return nil
}

// read asks the device for everything, then listens. The end of ctx ends the listening, with what has come so far.
func read(ctx context.Context, device usb.Device, o options, w world) (*recording, error) {
	p := progress{out: w.stderr, terminal: w.terminal}
	s, err := survey.Take(ctx, device, func(done, total int) { p.show("report %d of %d", done, total) })
	p.end()
	if err != nil {
		return nil, err
	}
	r := &recording{Survey: s, date: w.now(), lowSpeed: lowSpeed(w.sysfs, s.ID.Port), packet: packetSize(s)}
	if o.interrupts > 0 {
		r.packets, err = listen(ctx, device, o.interrupts, func(left time.Duration, n int) {
			p.show("%v more, %d packets that the UPS sent by itself", left, n)
		})
		p.end()
		if err != nil {
			r.Missing = append(r.Missing, survey.Missing{What: "interrupts", Err: err})
		}
	}
	r.input = join(r.packets, s.Parsed, r.packet)
	if o.mask {
		r.mask()
	}
	return r, nil
}

// lowSpeed asks the kernel how fast the device is, in Mbit/s.
func lowSpeed(sysfs, port string) bool {
	text, err := os.ReadFile(filepath.Join(sysfs, "bus/usb/devices", port, "speed"))
	return err == nil && strings.TrimSpace(string(text)) == "1.5"
}

func packetSize(s *survey.Survey) int {
	_, interfaces, err := usbdesc.ParseConfiguration(s.Configuration)
	if err != nil {
		return 0
	}
	chosen, _ := usbdesc.Choose(interfaces, int(s.Interface))
	return chosen.Packet
}

// fileName is "051d-0002-back-ups-es-700g.toml".
func fileName(id usb.ID) string {
	product := id.ProductName
	if id.Serial != "" {
		product = strings.ReplaceAll(product, id.Serial, "")
	}
	words := strings.FieldsFunc(strings.ToLower(product), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(append([]string{fmt.Sprintf("%04x-%04x", id.Vendor, id.Product)}, words...), "-") + ".toml"
}

// output is a file that exists only once it is whole, or a stream.
type output struct {
	name string
	file *os.File // nil for the stream
	w    io.Writer
}

func create(name string, stdout io.Writer) (*output, error) {
	if name == "-" {
		return &output{name: "standard output", w: stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another file with -o", err)
	}
	return &output{name: name, file: f, w: f}, nil
}

func (o *output) finish(text string) error {
	_, err := io.WriteString(o.w, text)
	if o.file == nil {
		return err
	}
	if err := cmp.Or(err, o.file.Close()); err != nil {
		os.Remove(o.name)
		return err
	}
	return nil
}

func (o *output) abandon() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.name)
	}
}
