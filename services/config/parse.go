package config

import "errors"

// Parse reads the content of a file; name is what its errors call it. A content that is wrong anywhere gives Errors and no
// Config.
func Parse(name string, data []byte) (*Config, error) {
	r := &report{file: name, data: data}
	if len(data) > MaxSize {
		r.addf(MaxSize, "the file is longer than %d bytes", MaxSize)
		return nil, r.err()
	}
	p := parser{
		report:  r,
		config:  Default(),
		top:     section[Config]{rules: topKeys, tables: []string{tableNetwork, tableMDNS, tableTLS, tableTLSShim, tableNIS, tableMonitor, tableUPS, tableUsers, tableNotify}},
		network: newNetworkSection(),
		mdns:    section[MDNS]{table: tableMDNS, rules: mdnsKeys},
		tls:     newTLSSection(),
		tlsShim: section[TLSShim]{table: tableTLSShim, rules: tlsShimKeys},
		nis:     section[NIS]{table: tableNIS, rules: nisKeys},
		monitor: section[Monitor]{table: tableMonitor, rules: monitorKeys},
		ups: entries[UPS]{table: tableUPS, rules: upsKeys, tables: upsTables, refused: refused, checkName: CheckName, check: checkUPS,
			complete: func(u *UPS, name string) { u.Name = name }},
		users: entries[User]{table: tableUsers, rules: userKeys, checkName: CheckName, check: checkUser,
			complete: func(u *User, name string) { u.Name = name }},
		notify: entries[Notify]{table: tableNotify, rules: notifyKeys, checkName: CheckName, check: checkNotify,
			complete: func(n *Notify, name string) { n.Name = name }},
	}
	for _, s := range read(data, r) {
		p.apply(s)
	}
	p.network.finish(r, &p.config.Network)
	p.config.UPS = p.ups.finish(r)
	p.config.Users = p.users.finish(r)
	p.tls.finish(r, p.config, &p.users)
	checkNames(r, &p.ups)
	checkProfiles(r, p.config, &p.users)
	p.config.Notify = p.notify.finish(r)
	if err := r.err(); err != nil {
		return nil, err
	}
	return p.config, nil
}

type parser struct {
	report  *report
	config  *Config
	top     section[Config]
	network networkSection
	tls     tlsSection
	tlsShim section[TLSShim]
	ups     entries[UPS]
	users   entries[User]
	mdns    section[MDNS]
	nis     section[NIS]
	monitor section[Monitor]
	notify  entries[Notify]
}

func (p *parser) apply(s setting) {
	switch s.path[0].name {
	case tableNetwork:
		p.network.apply(p.report, &p.config.Network, s)
	case tableTLS:
		p.tls.apply(p.report, &p.config.TLS, s)
	case tableTLSShim:
		p.tlsShim.applyTable(p.report, &p.config.TLSShim, s)
	case tableUPS:
		p.ups.apply(p.report, s)
	case tableMDNS:
		p.mdns.applyTable(p.report, &p.config.MDNS, s)
	case tableNIS:
		p.nis.applyTable(p.report, &p.config.NIS, s)
	case tableMonitor:
		p.monitor.applyTable(p.report, &p.config.Monitor, s)
	case tableNotify:
		p.notify.apply(p.report, s)
	case tableUsers:
		p.users.apply(p.report, s)
	default:
		p.top.apply(p.report, p.config, s)
	}
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
