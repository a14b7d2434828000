// Package lazyre compiles regular expressions when they are first used. All programs of the card are one file, so that what a package compiles at its
// start each of them waits for.
package lazyre

import (
	"regexp"
	"sync"
)

// Regexp is an expression that Go's regexp takes.
type Regexp struct{ compiled func() *regexp.Regexp }

// New returns an expression that must be right: the first use of a wrong one panics.
func New(expression string) Regexp {
	return Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })}
}

// MatchString reports whether s contains what the expression describes.
func (r Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }
