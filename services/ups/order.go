package ups

// Order is what somebody asks of a UPS: an instant command, or a value for a variable.
type Order struct {
	ID    string // tells orders apart; needs no quoting
	Set   bool   // a variable's value, else an instant command
	Name  string // of the variable or the command, as the driver has it
	Value string // of the variable; the command's parameter, "" for none
}

// Result is how an attempt at an order ended. The numbers are those of NUT's drivers (drivers/upshandler.h).
type Result int

// The results. Failed is also what became of an order whose end nobody knows.
const (
	Handled Result = iota
	Unknown
	Invalid
	Failed
	ConversionFailed
)

func (r Result) String() string {
	if r < Handled || r > ConversionFailed {
		r = Unknown
	}
	return [...]string{"handled", "unknown", "invalid", "failed", "conversion failed"}[r]
}
