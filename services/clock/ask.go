package clock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// ask returns what the servers say that may be asked.
func (k *keeper) ask(ctx context.Context) ([]Sample, error) {
	servers := k.rests.awake(k.Servers(), time.Now())
	if len(servers) == 0 {
		return nil, errors.New("there is no server to ask")
	}
	samples, errs := make([]Sample, len(servers)), make([]error, len(servers))
	var all sync.WaitGroup
	for i, server := range servers {
		all.Go(func() { samples[i], errs[i] = k.World.Query(ctx, server) })
	}
	all.Wait()
	var answers []Sample
	for i, err := range errs {
		var kiss Kiss
		if errors.As(err, &kiss) {
			k.rests.kiss(servers[i], kiss.Code, time.Now())
		}
		if err == nil {
			answers = append(answers, samples[i])
		}
	}
	return answers, summary(errs)
}

// summary is the first error of a round, as the others mostly say the same.
func summary(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return fmt.Errorf("%w (and %d more)", errs[0], len(errs)-1)
}

// alike reports whether two errors differ in numbers only: the port that a question was sent from is another each time.
func alike(a, b error) bool {
	words := func(err error) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return r
		}, err.Error())
	}
	return a != nil && b != nil && words(a) == words(b)
}
