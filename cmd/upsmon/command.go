package main

import (
	"context"
	"errors"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/nutclient"
)

// command does what the policy wants, by the control socket.
func command(ctx context.Context, control string, i monitor.Intent) (monitor.Outcome, error) {
	c, err := nutclient.Dial(ctx, "unix", control)
	if err != nil {
		return monitor.Later, err
	}
	defer c.Close()
	switch i.Kind {
	case monitor.SetFSD:
		err = c.FSD(ctx, i.UPS)
	case monitor.ClearFSD:
		err = c.SetVar(ctx, i.UPS, "server.fsd", "no")
	case monitor.Order:
		err = c.InstCmd(ctx, i.UPS, i.Command)
	default:
		return monitor.Refused, errors.New("the card does not halt")
	}
	return outcome(err), err
}

// outcome is what an answer says of an order. Whatever leaves open whether it was carried out is unclear.
func outcome(err error) monitor.Outcome {
	var refused nutclient.Error
	switch {
	case err == nil:
		return monitor.Succeeded
	case !errors.As(err, &refused):
		return monitor.Unclear
	}
	switch refused.Code() {
	case "CMD-NOT-SUPPORTED", "INVALID-ARGUMENT", "UNKNOWN":
		return monitor.Refused
	case "FAILED", "INSTCMD-FAILED", "SET-FAILED":
		return monitor.Unclear
	}
	return monitor.Later
}
