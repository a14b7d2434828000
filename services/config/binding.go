package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/upscard/upscard/services/lazyre"
)

// Patterns of numbers are regular expressions that hold digits and no other letters.
var (
	hexExpression     = lazyre.New(`^[0-9a-fA-F.*+?|()\[\]{},^$-]+$`)
	decimalExpression = lazyre.New(`^[0-9.*+?|()\[\]{},^$-]+$`)
	metaCharacter     = lazyre.New(`[.*+?|()\[\]{}^$]`)
)

// Pattern compiles a regular expression of a binding: as in NUT's ups.conf the whole text has to match, in upper or lower case.
func Pattern(expression string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expression); err != nil { // by itself: brackets must not match those below
		return nil, err
	}
	return regexp.Compile(`(?i)\A(?:` + expression + `)\z`)
}

// pattern accepts a regular expression.
func pattern(v value) (string, error) {
	s, err := text(v, 126)
	if err != nil {
		return "", err
	}
	if _, err := Pattern(s); err != nil {
		return "", fmt.Errorf("want a regular expression, got %s: %s", quote(s), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return s, nil
}

// hexID accepts a USB id, which it fills up with zeros, or a regular expression of its four digits.
func hexID(v value) (string, error) {
	const want = `one to four hexadecimal digits in quotes, as "051d"`
	if v.kind != unstable.String {
		return "", wrongType(want, v)
	}
	if idPattern.MatchString(v.text) {
		digits := strings.TrimPrefix(strings.ToLower(v.text), "0x")
		return strings.Repeat("0", 4-len(digits)) + digits, nil
	}
	if hexExpression.MatchString(v.text) && metaCharacter.MatchString(v.text) {
		return pattern(v)
	}
	return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
}

// busNumber accepts a number, which it fills up with zeros as NUT writes it, or a regular expression of its three digits.
func busNumber(v value) (string, error) {
	const want = `a number from 1 to 999, or a regular expression of three digits in quotes, as "00[12]"`
	switch v.kind {
	case unstable.Integer, unstable.String:
	default:
		return "", wrongType(want, v)
	}
	if n, err := strconv.ParseUint(v.text, 10, 16); err == nil && n >= 1 && n <= 999 {
		return fmt.Sprintf("%03d", n), nil
	}
	if v.kind == unstable.String && decimalExpression.MatchString(v.text) && metaCharacter.MatchString(v.text) {
		return pattern(v)
	}
	return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
}

// portPath accepts a port path. NUT's "auto" is any port, which is stored as none.
func portPath(v value) (string, error) {
	const want = `a USB port in quotes, as "1-1.4", or "auto"`
	switch {
	case v.kind != unstable.String:
		return "", wrongType(want, v)
	case v.text == "auto":
		return "", nil
	case !portPattern.MatchString(v.text):
		return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
	}
	return v.text, nil
}
