package redirtest

import (
	"context"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// Control does a control transfer whose direction is the request type's top bit, and returns the data read.
func (g *Guest) Control(
	ctx context.Context, requestType, request uint8, value, index, length uint16, data []byte,
) ([]byte, usbredir.Status, error) {
	c := usbredir.Control{
		Endpoint: requestType & 0x80, Request: request, RequestType: requestType, Value: value, Index: index, Length: length,
	}
	if !c.In() {
		c.Length = uint16(len(data))
	}
	p, err := g.Ask(ctx, usbredir.TypeControl, usbredir.Encode(c, data))
	if err != nil {
		return nil, 0, err
	}
	if p.Type == 0 {
		return nil, usbredir.TimedOut, nil // given up by ctx
	}
	rest, err := usbredir.Decode(p, &c)
	return rest, c.Status, err
}

// Receive starts or stops the polling of the interrupt endpoint.
func (g *Guest) Receive(ctx context.Context, endpoint uint8, on bool) error {
	t := usbredir.TypeStopInterrupt
	if on {
		t = usbredir.TypeStartInterrupt
	}
	_, err := g.Ask(ctx, t, []byte{endpoint})
	return err
}

// Report returns the data of the next interrupt packet.
func (g *Guest) Report(ctx context.Context) ([]byte, error) {
	p, err := g.Expect(ctx, usbredir.TypeInterrupt)
	if err != nil {
		return nil, err
	}
	var head usbredir.Interrupt
	return usbredir.Decode(p, &head)
}
