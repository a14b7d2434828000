package driversock

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// counter is a Handler that counts how often it is asked for each value.
type counter struct {
	mu    sync.Mutex
	asked map[string]int
}

func (c *counter) InstCmd(context.Context, string, string) Result { return Unknown }

func (c *counter) SetVar(_ context.Context, _, value string) Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[value]++
	return Handled
}

// TestOrdersWhileDriversDie: whatever moment the driver dies at, an order is carried out once at most, one that was refused
// never, and who gave it learns its end once.
func TestOrdersWhileDriversDie(t *testing.T) {
	path, store, driven := socketPath(t), ups.NewStore(), ups.NewStore()
	driven.Set(snap(ups.Fresh, vars{"ups.status": {Value: "OL"}}))
	orders, handler := new(Orders), &counter{asked: make(map[string]int)}
	ctx, cancel := context.WithCancel(t.Context())
	var running, giving sync.WaitGroup
	running.Go(func() {
		if err := Follow(ctx, path, store, FollowOptions{Logger: quiet, Orders: orders}); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		for ctx.Err() == nil {
			ln, err := Listen(path)
			if err != nil {
				t.Error(err)
				return
			}
			life, end := context.WithTimeout(ctx, 5*time.Millisecond)
			if err := Serve(life, ln, driven, handler, ServeOptions{Logger: quiet}); err != nil {
				t.Error(err)
			}
			end()
		}
	})

	type fate struct {
		err   error
		ended []ups.Result
	}
	var mu sync.Mutex
	fates := make(map[string]*fate)
	for giver := range 4 {
		giving.Go(func() {
			for i := range 500 {
				id := fmt.Sprintf("%d-%d", giver, i)
				f := new(fate)
				mu.Lock()
				fates[id] = f
				mu.Unlock()
				err := orders.Give(ups.Order{ID: id, Set: true, Name: "ups.id", Value: id}, func(r ups.Result) {
					mu.Lock()
					defer mu.Unlock()
					f.ended = append(f.ended, r)
				})
				mu.Lock()
				f.err = err
				mu.Unlock()
				if err != nil {
					time.Sleep(100 * time.Microsecond)
				}
			}
		})
	}
	giving.Wait()
	cancel()
	running.Wait()
	counts := make(map[string]int)
	for id, f := range fates {
		asked := handler.asked[id]
		switch {
		case f.err != nil && (asked != 0 || len(f.ended) != 0):
			t.Errorf("%s: refused (%v), asked %d times, ended %v", id, f.err, asked, f.ended)
		case f.err == nil && (asked > 1 || len(f.ended) != 1):
			t.Errorf("%s: asked %d times, ended %v", id, asked, f.ended)
		case f.err == nil && f.ended[0] == Handled && asked != 1:
			t.Errorf("%s: handled, but asked %d times", id, asked)
		case f.err != nil:
			counts["refused"]++
		default:
			counts[f.ended[0].String()]++
		}
	}
	t.Log(counts)
}
