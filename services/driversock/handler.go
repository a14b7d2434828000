package driversock

import (
	"context"

	"github.com/upscard/upscard/services/ups"
)

// Result is how a driver's attempt at a command or a write ended.
type Result = ups.Result

// The results, as TRACKING carries them.
const (
	Handled          = ups.Handled
	Unknown          = ups.Unknown
	Invalid          = ups.Invalid
	Failed           = ups.Failed
	ConversionFailed = ups.ConversionFailed
)

// Handler does what a server asks of a driver. It is called by one goroutine per connection and must return within a
// few seconds; no request is ever repeated.
type Handler interface {
	InstCmd(ctx context.Context, name, param string) Result
	SetVar(ctx context.Context, name, value string) Result
}

// none is the handler of a driver that offers neither commands nor writable variables.
type none struct{}

var _ Handler = none{}

func (none) InstCmd(context.Context, string, string) Result { return Unknown }
func (none) SetVar(context.Context, string, string) Result  { return Unknown }
