package mdns

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// Times to live in seconds, of records with the host's name in them, and of all others (RFC 6762, section 10).
const (
	hostTTL  = 120
	otherTTL = 75 * 60
)

// flushBit in a record's class says that its set is complete, in a question's that a unicast answer is welcome (RFC 6762, sections 10.2
// and 5.4).
const flushBit = 1 << 15

// maxTXT is how many bytes the strings of one service may have; all of it fits into one packet with what goes with it.
const maxTXT = 800

// record is one that we answer with.
type record struct {
	rr     dns.RR // its class is without flushBit
	unique bool   // nobody else may have a record of this name and type
	claims []string
	key    string
}

func newRecord(rr dns.RR, unique bool, claims ...string) *record {
	return &record{rr: rr, unique: unique, claims: claims, key: key(rr)}
}

func (r *record) name() string           { return fold(r.rr.Header().Name) }
func (r *record) ttl() uint32            { return r.rr.Header().Ttl }
func (r *record) kind() uint16           { return r.rr.Header().Rrtype }
func (r *record) sameSet(o *record) bool { return r.kind() == o.kind() && r.name() == o.name() }

// wire is the record as it is sent to the group.
func (r *record) wire(ttl uint32) dns.RR {
	rr := dns.Copy(r.rr)
	rr.Header().Ttl = ttl
	if r.unique {
		rr.Header().Class |= flushBit
	}
	return rr
}

// plain is the record as it is sent in a probe, or to who does not know flushBit.
func (r *record) plain(ttl uint32) dns.RR {
	rr := dns.Copy(r.rr)
	rr.Header().Ttl = ttl
	return rr
}

// key is equal for records that differ in time to live only.
func key(rr dns.RR) string {
	h := rr.Header()
	b := binary.BigEndian.AppendUint16([]byte(fold(h.Name)+"\x00"), h.Rrtype)
	switch rr := rr.(type) {
	case *dns.PTR:
		return string(b) + fold(rr.Ptr)
	case *dns.SRV:
		b = binary.BigEndian.AppendUint16(b, rr.Priority)
		b = binary.BigEndian.AppendUint16(b, rr.Weight)
		return string(binary.BigEndian.AppendUint16(b, rr.Port)) + fold(rr.Target)
	}
	return string(append(b, rdata(rr)...))
}

// rdata is a record's data as they are compared: without compression (RFC 6762, section 8.2). Nil is data that cannot be written.
func rdata(rr dns.RR) []byte {
	buf := make([]byte, dns.Len(rr)+16)
	end, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return nil
	}
	name, err := dns.PackDomainName(rr.Header().Name, make([]byte, 256), 0, nil, false)
	if err != nil {
		return nil
	}
	return buf[name+10 : end] // type, class, time to live, length
}

// compareSets tells which of two hosts that probe for a name at once gives way: the one whose records come earlier (RFC 6762, section 8.2.1).
func compareSets(a, b []dns.RR) int { return slices.CompareFunc(sorted(a), sorted(b), bytes.Compare) }

func sorted(set []dns.RR) [][]byte {
	all := make([][]byte, len(set))
	for i, rr := range set {
		h := rr.Header()
		all[i] = append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, h.Class&^flushBit), h.Rrtype), rdata(rr)...)
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// records are all that this machine has on a link, of the names that it wants.
func (r *Responder) records(l *link) (all []*record) {
	host := hostName(r.names)
	mine := fold(host)
	for _, a := range shown(l.iface.Addrs) {
		all = append(all, newRecord(addressRecord(host, a), true, mine))
		if reverse, err := dns.ReverseAddr(a.String()); err == nil { // nobody else has this address, so nobody is asked (RFC 6762, section 8.1)
			all = append(all, newRecord(&dns.PTR{Hdr: header(reverse, dns.TypePTR, hostTTL), Ptr: host}, true, mine))
		}
	}
	for i, s := range r.services {
		kind, instance := s.Type+"."+domain, instanceName(r.names, s)
		again := slices.ContainsFunc(r.services[:i], func(o Service) bool { return fold(instanceName(r.names, o)) == fold(instance) })
		if again || !s.reachable(l.iface.Addrs) {
			continue
		}
		claims := []string{fold(instance), mine}
		all = append(all,
			newRecord(&dns.SRV{Hdr: header(instance, dns.TypeSRV, hostTTL), Port: s.Port, Target: host}, true, claims...),
			newRecord(&dns.TXT{Hdr: header(instance, dns.TypeTXT, otherTTL), Txt: texts(s.TXT)}, true, claims...),
			newRecord(&dns.PTR{Hdr: header(kind, dns.TypePTR, otherTTL), Ptr: instance}, false, claims...),
			newRecord(&dns.PTR{Hdr: header(enumeration, dns.TypePTR, otherTTL), Ptr: kind}, false, claims...))
		for _, sub := range s.Subtypes {
			all = append(all, newRecord(&dns.PTR{Hdr: header(label(sub)+"._sub."+kind, dns.TypePTR, otherTTL), Ptr: instance}, false, claims...))
		}
	}
	return all
}

func header(name string, kind uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

func addressRecord(host string, a netip.Addr) dns.RR {
	if a.Is4() {
		return &dns.A{Hdr: header(host, dns.TypeA, hostTTL), A: a.AsSlice()}
	}
	return &dns.AAAA{Hdr: header(host, dns.TypeAAAA, hostTTL), AAAA: a.AsSlice()}
}

// shown are the addresses that others are told: link-local ones only where there is no other, since they mean nothing to a program that
// does not keep the interface with them.
func shown(all []netip.Prefix) (addrs []netip.Addr) {
	for _, local := range []bool{false, true} {
		for _, p := range all {
			if p.Addr().IsLinkLocalUnicast() == local {
				addrs = append(addrs, p.Addr().WithZone(""))
			}
		}
		if len(addrs) > 0 {
			break
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}

// reachable tells whether the service can be reached by one of an interface's addresses.
func (s Service) reachable(all []netip.Prefix) bool {
	return len(s.Addrs) == 0 || slices.ContainsFunc(all, func(p netip.Prefix) bool { return slices.Contains(s.Addrs, p.Addr()) })
}

// texts are the strings of a TXT record, of which there is at least one (RFC 6763, section 6.1).
func texts(list []string) (out []string) {
	left := maxTXT
	for _, text := range list {
		text = cut(text, 255)
		if left -= len(text) + 1; left < 0 {
			break
		}
		out = append(out, txt(text))
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out
}

// nothing says which records of a name there are, and so that there are no others (RFC 6762, section 6.1).
func nothing(of []*record) *record {
	first := of[0]
	var kinds []uint16
	for _, r := range of {
		kinds = append(kinds, r.kind())
	}
	slices.Sort(kinds)
	rr := &dns.NSEC{Hdr: header(first.rr.Header().Name, dns.TypeNSEC, first.ttl()), NextDomain: first.rr.Header().Name, TypeBitMap: slices.Compact(kinds)}
	return newRecord(rr, true, first.claims...)
}

// byKey orders records, so that equal ones are side by side.
func byKey(a, b *record) int { return cmp.Compare(a.key, b.key) }
