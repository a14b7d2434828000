// Package trouble logs what clients can cause as often as they like.
package trouble

import (
	"log/slog"
	"sync"
	"time"
)

// calm is how long a trouble must have stayed away to be over.
const calm = time.Minute

// Trouble is a fault of which the log has the first occurrence, and how many there were once it is over.
type Trouble struct {
	Logger *slog.Logger
	What   string

	mu    sync.Mutex
	count int
	last  time.Time
}

// Again takes an occurrence. The attributes are logged with the first.
func (t *Trouble) Again(attrs ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.last = time.Now()
	if t.count == 1 {
		t.Logger.Warn(t.What, attrs...)
	}
}

// Well takes note that the same thing worked.
func (t *Trouble) Well() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 || time.Since(t.last) < calm {
		return
	}
	t.Logger.Info("over: "+t.What, "times", t.count)
	t.count = 0
}
