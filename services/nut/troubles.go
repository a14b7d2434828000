package nut

import (
	"log/slog"

	"github.com/upscard/upscard/services/trouble"
)

// troubles are what clients of a server are refused for.
type troubles struct {
	accept, slow, idle, junk, deaf trouble.Trouble
}

func newTroubles(logger *slog.Logger) troubles {
	because := func(what string) trouble.Trouble { return trouble.Trouble{Logger: logger, What: what} }
	return troubles{
		accept: because("connections cannot be accepted"),
		slow:   because("clients dropped: they do not end their line"),
		idle:   because("clients dropped: idle"),
		junk:   because("clients dropped: they send no lines"),
		deaf:   because("clients dropped: they do not read"),
	}
}
