package logring

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func texts(r *Ring) (out []string) {
	for _, l := range r.Lines() {
		out = append(out, l.Text)
	}
	return out
}

func TestRingDropsTheOldest(t *testing.T) {
	tests := []struct {
		name               string
		maxLines, maxBytes int
		add, want          []string
	}{
		{"empty", 3, 1000, nil, nil},
		{"room left", 3, 1000, []string{"a", "b"}, []string{"a", "b"}},
		{"lines", 3, 1000, []string{"a", "b", "c", "d", "e"}, []string{"c", "d", "e"}},
		{"bytes", 9, 2 * (overhead + 2), []string{"a", "b", "c"}, []string{"b", "c"}},
		{"one long line pushes out many", 9, 4 * (overhead + 2), []string{"a", "b", "c", strings.Repeat("x", 50)}, []string{"c", strings.Repeat("x", 50)}},
		{"longer than all", 9, 10, []string{"a", "bb"}, []string{"bb"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := New(test.maxLines, test.maxBytes)
			for _, text := range test.add {
				r.Add(Line{Name: "p", Text: text})
			}
			if got := texts(r); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLineLooksLikeTheKernels(t *testing.T) {
	got := Line{At: 2345678 * time.Microsecond, Name: "upsd", Text: "hello"}.String()
	if want := "[    2.345] upsd: hello"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNextReturnsEachLineOnceAndCountsTheLost(t *testing.T) {
	r := New(2, 1000)
	add := func(text string) { r.Add(Line{Text: text}) }
	steps := []struct {
		add  []string
		want string
		lost uint64
	}{
		{[]string{"a"}, "a", 0},
		{[]string{"b", "c"}, "b c", 0},
		{[]string{"d", "e", "f", "g"}, "f g", 2},
		{[]string{"h"}, "h", 0},
	}
	var seq uint64
	for _, step := range steps {
		for _, text := range step.add {
			add(text)
		}
		lines, next, lost, err := r.Next(t.Context(), seq)
		var got []string
		for _, l := range lines {
			got = append(got, l.Text)
		}
		if err != nil || strings.Join(got, " ") != step.want || lost != step.lost {
			t.Fatalf("after %q: got %q, %d lost, %v; want %q, %d lost", step.add, got, lost, err, step.want, step.lost)
		}
		seq = next
	}
}

func TestNextWaitsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(2, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		time.AfterFunc(time.Minute, func() { r.Add(Line{Text: "late"}) })
		lines, next, _, err := r.Next(ctx, 0)
		if err != nil || len(lines) != 1 {
			t.Fatalf("got %v, %v; want the late line", lines, err)
		}
		if _, _, _, err := r.Next(ctx, next); err != context.DeadlineExceeded {
			t.Fatalf("got %v, want the end of the context", err)
		}
	})
}
