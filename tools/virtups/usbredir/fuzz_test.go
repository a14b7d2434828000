package usbredir_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// stream reads from one buffer and forgets what is written.
type stream struct {
	io.Reader
	io.Writer
}

// frame is a packet with a header of 64-bit ids.
func frame(t usbredir.Type, body ...byte) []byte {
	var b bytes.Buffer
	c := usbredir.NewCodec(&b)
	c.Widen()
	c.Write(usbredir.Packet{Type: t, ID: 1, Body: body})
	return b.Bytes()
}

func FuzzCodec(f *testing.F) {
	f.Add(true, frame(usbredir.TypeControl, make([]byte, 10)...))
	f.Add(false, []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, wide bool, data []byte) {
		var out bytes.Buffer
		in := usbredir.NewCodec(stream{bytes.NewReader(data), &out})
		if wide {
			in.Widen()
		}
		for {
			p, err := in.Read()
			if err != nil {
				break
			}
			if err := in.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(data, out.Bytes()) {
			t.Errorf("% x was read, % x written", data, out.Bytes())
		}
	})
}

// FuzzSession lets a guest send anything after a good hello.
func FuzzSession(f *testing.F) {
	f.Add(frame(usbredir.TypeSetConfiguration, 1))
	f.Add(frame(usbredir.TypeControl, 0x80, 6, 0x80, 0, 0, 1, 0, 0, 18, 0))
	f.Add(frame(usbredir.TypeStartInterrupt, 0x81))
	f.Add(frame(usbredir.TypeInterrupt, 1, 0, 0, 0))
	f.Add(frame(usbredir.TypeBulk, make([]byte, 10)...))
	f.Add(frame(usbredir.TypeStartIso, 0x81, 1, 1))
	f.Add(append(frame(usbredir.TypeGetAltSetting, 0), frame(usbredir.TypeCancel)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		near, far := net.Pipe()
		host := usbredir.NewHost(&echo{}, slog.New(slog.DiscardHandler))
		done := make(chan struct{})
		go func() {
			defer close(done)
			host.Attach(context.Background(), near) // an error is a right answer
		}()
		codec := usbredir.NewCodec(far)
		greeted := make(chan struct{})
		go func() {
			defer close(greeted)
			codec.Write(usbredir.Packet{Type: usbredir.TypeHello, Body: usbredir.Encode(usbredir.Hello{Capabilities: usbredir.HostCapabilities}, nil)})
		}()
		codec.Read()
		<-greeted
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			io.Copy(io.Discard, far)
		}()
		far.Write(data)
		far.Close()
		<-done
		<-drained
	})
}
