package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The functions here write values as TOML; "" is a value that was not given. Texts hold no control characters, which Parse refuses, so
// Go's quotes are TOML's.

func showText(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s)
}

func showSeconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}

func showList[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = strconv.Quote(fmt.Sprint(x))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func showFlag(on bool) string {
	if !on {
		return ""
	}
	return "true"
}

func showNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// unquote is the text behind showText, and any other value as it is.
func unquote(shown string) string {
	if s, err := strconv.Unquote(shown); err == nil {
		return s
	}
	return shown
}
