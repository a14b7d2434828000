package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
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

// compare prints each figure of ours, the reference's of the same run, and the ratio.
func compare(ctx context.Context, program string, set settings, out io.Writer) error {
	only, err := regexp.Compile(set.only)
	if err != nil {
		return err
	}
	theirs, err := reference()
	if err != nil {
		return err
	}
	servers := []server{ours(program), theirs}
	s, err := newStand(ctx, 0)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(out, "%s; %d processors, %s/%s; medians of %d\n\n| | upscard | NUT | ratio |\n|---|---|---|---|\n",
		versions(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, set.rounds)
	for _, r := range rows {
		if !only.MatchString(r.name) {
			continue
		}
		results := make([][]result, len(servers))
		for range set.rounds {
			for i, srv := range servers {
				figures, err := r.take(ctx, &measuring{set, s, srv})
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					fmt.Fprintf(out, "| %s | | | %s: %v |\n", r.name, srv.name, err)
				}
				results[i] = add(results[i], figures)
			}
		}
		print(out, r.name, results[0], results[1])
	}
	return nil
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
func print(out io.Writer, name string, ours, theirs []result) {
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
				ratio += " (NUT ahead)"
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

// versions names all that is compared.
func versions() string {
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	nut := "NUT"
	if path, err := nutProgram("upsd"); err == nil {
		text, _ := exec.Command(path, "-V").CombinedOutput()
		nut, _, _ = strings.Cut(string(text), "\n")
	}
	return fmt.Sprintf("upscard %s, %s; %s", strings.TrimSpace(string(commit)), runtime.Version(), nut)
}
