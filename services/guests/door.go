package guests

import (
	"log/slog"

	"github.com/upscard/upscard/services/trouble"
)

// Door lets in whom its List has room for. Who is refused is logged once per cause. It must not be copied.
type Door struct {
	*List
	full, crowd trouble.Trouble
}

// NewDoor is that of a NewList.
func NewDoor(most, mostOf int, logger *slog.Logger) *Door {
	return &Door{
		List:  NewList(most, mostOf),
		full:  trouble.Trouble{Logger: logger, What: "connections refused: too many"},
		crowd: trouble.Trouble{Logger: logger, What: "connections refused: too many from one address"},
	}
}

// Admit counts a client from addr in, unless there are too many. Leave must follow if so.
func (d *Door) Admit(addr Address) bool {
	switch d.Enter(addr.Place) {
	case TooMany:
		d.full.Again("addr", addr.Name, "limit", d.most)
		return false
	case TooManyThere:
		d.crowd.Again("addr", addr.Name, "limit", d.mostOf)
		return false
	}
	d.full.Well()
	d.crowd.Well()
	return true
}
