package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/upscard/upscard/services/lazyre"
)

// subtable is a key of an entry that holds values by the names of NUT's variables: [TABLE.NAME.KEY].
type subtable[T any] struct {
	key  string
	of   func(*T) *[]Setting
	show string // an example, for errors

	// For the documentation, as a rule's.
	values, standard, meaning string
}

// list returns what was given.
func (t subtable[T]) list(item T) []Setting { return *t.of(&item) }

// apply takes a setting whose third key is the subtable's: its header, or a variable by a quoted or a dotted name.
func (t subtable[T]) apply(r *report, to *T, s setting) error {
	k := s.path[2]
	if len(s.path) == 3 && s.value.kind != unstable.Table {
		err := fmt.Errorf("want variables, as %s", t.show)
		r.value(k, s.value, err)
		return err
	}
	if s.value.kind == unstable.Table { // a header
		return nil
	}
	words := make([]string, 0, len(s.path)-3)
	for _, part := range s.path[3:] {
		words = append(words, part.name)
	}
	name := strings.Join(words, ".")
	at, err := s.path[3].offset, checkVariable(name)
	if err == nil {
		at, err = s.value.offset, add(t.of(to), name, s.value)
	}
	r.value(key{k.name + "." + short(name), at}, value{offset: at}, err)
	return err
}

// short is a name that an error repeats.
func short(name string) string {
	if len(name) > maxName || !variablePattern.MatchString(name) {
		return quote(name)
	}
	return name
}

func tableNames[T any](tables []subtable[T]) []string {
	list := make([]string, len(tables))
	for i, t := range tables {
		list[i] = t.key
	}
	return list
}

const maxVariables = 64 // of one subtable

var upsTables = []subtable[UPS]{
	{"override", func(u *UPS) *[]Setting { return &u.Driver.Override }, `override."battery.charge.low" = "40"`,
		"text or number", "what the UPS says",
		"The variable is this, whatever the UPS says, and cannot be set. It is also what `ignorelb` compares and what commands take their delays from."},
	{"default", func(u *UPS) *[]Setting { return &u.Driver.Default }, `default."input.voltage.nominal" = "230"`,
		"text or number", "none", "The variable is this while the UPS does not tell it."},
}

var (
	variablePattern = lazyre.New(`^[a-z][A-Za-z0-9-]*(\.[A-Za-z0-9_-]+)+$`)
	commandPattern  = lazyre.New(`^[a-z][a-z0-9]*(\.[a-z0-9_-]+)+$`)
	decimalPattern  = lazyre.New(`^-?[0-9]+(\.[0-9]+)?$`)
)

// least are the variables that the driver reckons with, each with the smallest number that it may be.
var least = map[string]float64{
	"battery.charge": 0, "battery.charge.low": 0, "battery.runtime": 0, "battery.runtime.low": 0, "ups.delay.shutdown": 0, "ups.delay.start": -1,
}

// add puts a variable into the list.
func add(list *[]Setting, name string, v value) error {
	if slices.ContainsFunc(*list, func(s Setting) bool { return s.Name == name }) {
		return errors.New("is set twice")
	}
	if len(*list) == maxVariables {
		return fmt.Errorf("want at most %d variables", maxVariables)
	}
	text, err := variableValue(name, v)
	if err == nil {
		*list = append(*list, Setting{name, text})
	}
	return err
}

// checkVariable tells what is wrong with the name of a variable whose value is given.
func checkVariable(name string) error {
	switch {
	case len(name) > maxName || !variablePattern.MatchString(name):
		return fmt.Errorf("want the name of a variable, as battery.charge.low, got %s", quote(name))
	case name == "ups.status" || name == "ups.alarm":
		return fmt.Errorf("%s tells what the UPS says of its power, and nothing else", name)
	case strings.HasPrefix(name, "driver.") || strings.HasPrefix(name, "server."):
		return fmt.Errorf("%s is the card's own to tell", name)
	}
	return nil
}

// variableValue accepts what NUT's protocols can carry.
func variableValue(name string, v value) (string, error) {
	const want = "text or a number"
	switch v.kind {
	case unstable.Integer, unstable.Float:
		if !decimalPattern.MatchString(v.text) {
			return "", fmt.Errorf("want decimal digits, got %s", quote(v.text))
		}
	case unstable.String:
		if _, err := text(v, 126); err != nil {
			return "", err
		}
		if strings.ContainsFunc(v.text, func(r rune) bool { return r > '~' || r == '"' || r == '\\' }) {
			return "", fmt.Errorf("want ASCII without quotes and backslashes, got %s", quote(v.text))
		}
	default:
		return "", wrongType(want, v)
	}
	if lowest, reckoned := least[name]; reckoned {
		if n, err := strconv.ParseFloat(v.text, 64); err != nil || !decimalPattern.MatchString(v.text) || n < lowest {
			return "", fmt.Errorf("want a number from %g on, got %s", lowest, quote(v.text))
		}
	}
	return v.text, nil
}

// commands accepts a list of instant commands, or one text with commas between as in ups.conf.
func commands(v value) ([]string, error) {
	if v.kind == unstable.String {
		list := value{kind: unstable.Array, offset: v.offset}
		for item := range strings.SplitSeq(v.text, ",") {
			list.items = append(list.items, value{kind: unstable.String, text: strings.TrimSpace(item), offset: v.offset})
		}
		v = list
	}
	return some(v, 16, func(v value) (string, error) {
		const want = "an instant command in quotes, as \"shutdown.return\""
		if v.kind != unstable.String {
			return "", wrongType(want, v)
		}
		if len(v.text) > maxName || !commandPattern.MatchString(v.text) {
			return "", fmt.Errorf("want %s, got %s", want, quote(v.text))
		}
		return v.text, nil
	})
}
