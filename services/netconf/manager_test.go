package netconf

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
)

// The main loop answers whoever asks whether it turns.
func TestManagerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked, ended := make(chan struct{}), make(chan struct{})
		m := manager{watcher: newWatcher(nil, t.TempDir(), nil), running: make(map[key]*running), asked: asked,
			runner: runner{logger: slog.New(slog.DiscardHandler)}}
		go func() {
			defer close(ended)
			m.run(ctx)
		}()
		for range 3 {
			asked <- struct{}{}
		}
		cancel()
		<-ended
	})
}
