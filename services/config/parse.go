package config

import (
	"errors"
	"slices"
)

// Parse reads the content of a file; name is what its errors call it. A content that is wrong anywhere gives Errors and no
// Config.
func Parse(name string, data []byte) (*Config, error) {
	r := &report{file: name, data: data}
	if len(data) > MaxSize {
		r.addf(MaxSize, "the file is longer than %d bytes", MaxSize)
		return nil, r.err()
	}
	p := parser{
		report: r,
		config: Default(),
		ups:    entries[UPS]{table: tableUPS, rules: upsKeys, check: checkUPS},
		users:  entries[User]{table: tableUsers, rules: userKeys, check: checkUser},
	}
	for _, s := range read(data, r) {
		p.apply(s)
	}
	p.config.UPS = p.ups.finish(r, func(u *UPS, name string) { u.Name = name })
	p.config.Users = p.users.finish(r, func(u *User, name string) { u.Name = name })
	if err := r.err(); err != nil {
		return nil, err
	}
	return p.config, nil
}

type parser struct {
	report  *report
	config  *Config
	ups     entries[UPS]
	users   entries[User]
	unknown []string // first keys that were reported
}

func (p *parser) apply(s setting) {
	first := s.path[0]
	switch first.name {
	case tableUPS:
		p.ups.apply(p.report, s)
		return
	case tableUsers:
		p.users.apply(p.report, s)
		return
	}
	rule, ok := find(topKeys, first.name)
	if !ok {
		if !slices.Contains(p.unknown, first.name) {
			p.unknown = append(p.unknown, first.name)
			p.report.addf(first.offset, "unknown key %s%s", quote(first.name), didYouMean(first.name, topNames()))
		}
		return
	}
	v := s.at(1)
	p.report.value(first, v, rule.set(p.config, v))
}

// value reports what is wrong with the value of a key, item by item where it is a list.
func (r *report) value(k key, v value, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			r.value(k, v, e)
		}
		return
	}
	offset := v.offset
	var item valueError
	if errors.As(err, &item) {
		offset = item.offset
	}
	r.addf(offset, "%s: %v", k.name, err)
}
