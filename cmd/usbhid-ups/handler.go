package main

import (
	"context"
	"errors"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/usbhid"
)

// handler passes a server's orders to the UPS's desk.
type handler struct{ desk *usbhid.Desk }

var _ driversock.Handler = handler{}

// InstCmd implements driversock.Handler.
func (h handler) InstCmd(ctx context.Context, name, param string) driversock.Result {
	return result(h.desk.InstCmd(ctx, name, param))
}

// SetVar implements driversock.Handler.
func (h handler) SetVar(ctx context.Context, name, value string) driversock.Result {
	return result(h.desk.SetVar(ctx, name, value))
}

// result is what TRACKING can say of an order's outcome.
func result(err error) driversock.Result {
	switch {
	case err == nil:
		return driversock.Handled
	case errors.Is(err, usbhid.ErrUnknown):
		return driversock.Unknown
	case errors.Is(err, usbhid.ErrInvalid):
		return driversock.Invalid
	}
	return driversock.Failed
}
