package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are those of all rows.
type settings struct {
	length time.Duration
	rounds int
	only   string
}

// result is what the rounds gave for one figure of one server.
type result struct {
	figure
	values []float64
}

// median of what the rounds gave.
func (r result) median() float64 {
	slices.Sort(r.values)
	return r.values[len(r.values)/2]
}

// contest is two servers that do the same, ours first, and the rows that compare them.
type contest struct {
	theirs string
	rows   []row
	once   bool                                                       // whatever the settings say of rounds
	set    func(ctx context.Context, k kit) (*stand, []server, error) // the stand is to be closed even on an error, unless it is nil
}

// contests are all.
var contests = []contest{upsdContest, tlsContest(tls.VersionTLS13, tlsRows), tlsContest(tls.VersionTLS12, tlsOldRows), nisContest, mdnsContest, shimContest}

// compare prints each figure of ours, the reference's of the same run, and the ratio. The error tells of all that could not be compared.
func compare(ctx context.Context, k kit, set settings, out io.Writer) (err error) {
	only, err := regexp.Compile(set.only)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Medians of %d, of %v each.\n", set.rounds, set.length)
	measured := 0
	for _, c := range contests {
		c.rows = slices.DeleteFunc(slices.Clone(c.rows), func(r row) bool { return !only.MatchString(r.name) })
		if len(c.rows) == 0 {
			continue
		}
		measured += len(c.rows)
		if e := c.run(ctx, k, set, out); e != nil {
			err = errors.Join(err, fmt.Errorf("upscard and %s: %w", c.theirs, e))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if measured == 0 {
		return fmt.Errorf("no row is called %q", set.only)
	}
	return err
}

func (c contest) run(ctx context.Context, k kit, set settings, out io.Writer) error {
	s, servers, err := c.set(ctx, k)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return err
	}
	for _, srv := range servers {
		p, err := s.serving(ctx, srv)
		if err != nil {
			return err
		}
		p.stop(syscall.SIGTERM)
	}
	about := s.theirs
	if tls := s.agreed.String(); tls != "" {
		about += " Both: " + tls + "."
	}
	if about != "" {
		fmt.Fprintf(out, "\n%s\n", strings.TrimSpace(about))
	}
	if c.once {
		set.rounds = 1
	}
	fmt.Fprintf(out, "\n| | upscard | %s | ratio |\n|---|---|---|---|\n", c.theirs)
	for _, r := range c.rows {
		results := make([][]result, len(servers))
		for range set.rounds {
			for i, srv := range servers {
				figures, e := r.take(ctx, &measuring{set, s, srv})
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if e != nil {
					err = errors.Join(err, fmt.Errorf("%s: %s: %w", r.name, srv.name, e))
				}
				results[i] = add(results[i], figures)
			}
		}
		print(out, r.name, c.theirs, results[0], results[1])
	}
	return err
}

// add sorts figures to those of earlier rounds.
func add(to []result, figures []figure) []result {
	for _, f := range figures {
		i := slices.IndexFunc(to, func(r result) bool { return r.what == f.what })
		if i < 0 {
			i, to = len(to), append(to, result{figure: f})
		}
		to[i].values = append(to[i].values, f.value)
	}
	return to
}

// print writes a row's figures. The ratio is how many times better ours is, which is less than 1 where it is worse.
func print(out io.Writer, name, them string, ours, theirs []result) {
	for _, o := range ours {
		i := slices.IndexFunc(theirs, func(r result) bool { return r.what == o.what })
		other, ratio := "", ""
		if i >= 0 {
			other = number(theirs[i].median())
			better := o.median() / theirs[i].median()
			if o.less {
				better = 1 / better
			}
			if !math.IsNaN(better) && !math.IsInf(better, 0) {
				ratio = fmt.Sprintf("%.2f", better)
			}
			if better < 1 {
				ratio += fmt.Sprintf(" (%s ahead)", them)
			}
		}
		fmt.Fprintf(out, "| %s: %s | %s | %s | %s |\n", name, o.what, number(o.median()), other, ratio)
	}
	for _, r := range theirs { // failures, say
		if !slices.ContainsFunc(ours, func(o result) bool { return o.what == r.what }) {
			fmt.Fprintf(out, "| %s: %s | | %s | |\n", name, r.what, number(r.median()))
		}
	}
}

// number has three digits at least.
func number(x float64) string {
	switch {
	case math.Abs(x) >= 100:
		return fmt.Sprintf("%.0f", x)
	case math.Abs(x) >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
