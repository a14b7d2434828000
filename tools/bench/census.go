package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// census is how many goroutines a program of Go's has, by who created them.
type census map[string]int

// maxDesks is how many goroutines upsd keeps for answers, as (*desk).run.
const maxDesks = 64

var (
	goroutineHead = regexp.MustCompile(`(?m)^goroutine \d+ `)
	createdBy     = regexp.MustCompile(`(?m)^(?:created by (\S+)|(\S*nut\.\(\*desk\)\.run)\()`)
)

// goroutines counts those of the dump that SIGQUIT makes.
func goroutines(dump string) census {
	c := make(census)
	all := goroutineHead.FindAllStringIndex(dump, -1)
	for i, at := range all {
		end := len(dump)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		who := "the program's start"
		if m := createdBy.FindStringSubmatch(dump[at[0]:end]); m != nil {
			who = m[1] + m[2]
		}
		if !strings.HasPrefix(who, "runtime.") { // the collector's, which begin with the first collection
			c[who]++
		}
	}
	return c
}

func (c census) sum() (n int) {
	for _, of := range c {
		n += of
	}
	return n
}

func (c census) desks() (n int) {
	for who, of := range c {
		if isDesk(who) {
			n += of
		}
	}
	return n
}

func isDesk(who string) bool { return strings.HasSuffix(who, "nut.(*desk).run") }

// beyond says of which there are more than before, but for desks that are kept.
func (c census) beyond(before census) string {
	var list []string
	for who, n := range c {
		most := before[who]
		if isDesk(who) {
			most = maxDesks
		}
		if n > most {
			list = append(list, fmt.Sprintf("%d of %s, of %d", n, who, most))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// goroutinesOf counts those of a server that has no client any more.
func goroutinesOf(ctx context.Context, s *stand, srv server) (census, error) {
	p, err := s.serving(ctx, srv)
	if err != nil {
		return nil, err
	}
	c := goroutines(p.stop(syscall.SIGQUIT))
	if c.sum() == 0 {
		return nil, fmt.Errorf("%s prints no goroutines", srv.name)
	}
	return c, nil
}
