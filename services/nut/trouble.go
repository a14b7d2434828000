package nut

import (
	"log/slog"
	"sync"
	"time"
)

// calm is how long a trouble must have stayed away to be over.
const calm = time.Minute

// trouble is a fault that clients can cause as often as they like. The log has its first occurrence, and how many there were
// once it is over.
type trouble struct {
	logger *slog.Logger
	what   string

	mu    sync.Mutex
	count int
	last  time.Time
}

// again takes an occurrence. The attributes are logged with the first.
func (t *trouble) again(attrs ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.last = time.Now()
	if t.count == 1 {
		t.logger.Warn(t.what, attrs...)
	}
}

// well takes note that the same thing worked.
func (t *trouble) well() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 || time.Since(t.last) < calm {
		return
	}
	t.logger.Info("over: "+t.what, "times", t.count)
	t.count = 0
}

// troubles are what clients of a server are refused for.
type troubles struct {
	accept, full, crowd, slow, idle, junk, deaf trouble
}

func newTroubles(logger *slog.Logger) troubles {
	because := func(what string) trouble { return trouble{logger: logger, what: what} }
	return troubles{
		accept: because("connections cannot be accepted"),
		full:   because("connections refused: too many"),
		crowd:  because("connections refused: too many from one address"),
		slow:   because("clients dropped: they do not end their line"),
		idle:   because("clients dropped: idle"),
		junk:   because("clients dropped: they send no lines"),
		deaf:   because("clients dropped: they do not read"),
	}
}
