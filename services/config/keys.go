package config

import (
	"errors"
	"slices"
)

// rule says what one key of a T may be. set stores a value or says what was expected instead; its errors never repeat
// what is secret.
type rule[T any] struct {
	key string
	set func(*T, value) error
}

// The keys of the file: at the top, in [ups.NAME], in [users.NAME].
var (
	topKeys = []rule[Config]{
		{"listen", func(c *Config, v value) (err error) { c.Listen, err = addresses(v); return }},
	}
	upsKeys = []rule[UPS]{
		{"desc", func(u *UPS, v value) (err error) { u.Desc, err = text(v, 256); return }},
		{"vendorid", func(u *UPS, v value) (err error) { u.VendorID, err = hexID(v); return }},
		{"productid", func(u *UPS, v value) (err error) { u.ProductID, err = hexID(v); return }},
		{"serial", func(u *UPS, v value) (err error) { u.Serial, err = text(v, 126); return }},
		{"port", func(u *UPS, v value) (err error) { u.Port, err = portPath(v); return }},
		{"pollinterval", func(u *UPS, v value) (err error) { u.PollInterval, err = seconds(v, 10); return }},
		{"pollfreq", func(u *UPS, v value) (err error) { u.PollFreq, err = seconds(v, 3600); return }},
	}
	userKeys = []rule[User]{
		{"password", func(u *User, v value) (err error) { u.Password, err = secret(v); return }},
		{"upsmon", func(u *User, v value) (err error) { u.Upsmon, err = choice(v, "primary", "secondary"); return }},
	}
)

// Tables that hold one table for each name.
const (
	tableUPS   = "ups"
	tableUsers = "users"
)

// topNames are the keys and tables at the top of the file.
func topNames() []string { return append(names(topKeys), tableUPS, tableUsers) }

func names[T any](rules []rule[T]) []string {
	list := make([]string, len(rules))
	for i, r := range rules {
		list[i] = r.key
	}
	return list
}

func find[T any](rules []rule[T], key string) (rule[T], bool) {
	i := slices.IndexFunc(rules, func(r rule[T]) bool { return r.key == key })
	if i < 0 {
		return rule[T]{}, false
	}
	return rules[i], true
}

// Checks of an entry as a whole.

func checkUPS(u UPS) error {
	if u.PollFreq != 0 && u.PollFreq < u.PollInterval {
		return errors.New("pollfreq is shorter than pollinterval")
	}
	return nil
}

func checkUser(u User) error {
	if u.Password == "" {
		return errors.New("there is no password")
	}
	return nil
}
