package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

const (
	mdnsPort   = 5353
	answerTime = 2 * time.Second         // within which a question must be answered
	settleTime = 40 * time.Second        // after which all announcements have been made: our last one comes after 31 s
	asks       = 20                      // of each question
	askPause   = 1200 * time.Millisecond // since no record is sent to all more often than once a second
)

// mdnsRows are those of being found.
var mdnsRows = []row{{"mDNS", beFound}}

// mdnsContest is mdnsd beside an avahi-daemon that announces the same. It has one round: it takes long, and what is counted varies little.
var mdnsContest = contest{
	theirs: "avahi-daemon",
	rows:   mdnsRows,
	once:   true,
	set: func(ctx context.Context, k kit) (*stand, []server, error) {
		t, err := k.tree(ctx, "avahi", "avahi-daemon")
		if err != nil {
			return nil, nil, err
		}
		b, err := newBench(nil)
		if err != nil {
			return nil, nil, err
		}
		s := newBare(b)
		s.theirs = k.version("avahi", "avahi-daemon")
		s.store.Set(values(0).WithValues(map[string]string{"server.listening": "[::]:3493", "server.version": "2.8.5 (upscard)", "server.description": ""}))
		if s.link, err = newLink(ctx); s.link != nil {
			s.after(s.link.pull)
		}
		if err == nil {
			err = s.drive(ctx, filepath.Join(b.sockets(), "feed-apc"))
		}
		if err != nil {
			return s, nil, err
		}
		ours := server{"upscard", func(b *bench) (p *process, err error) {
			err = within(s.link.theirs, func() error {
				p, err = b.start(k.ours("mdnsd"), "-run", b.dir, "-config", filepath.Join(b.dir, "upscard.toml"), "-hostname", "bench")
				return err
			})
			return p, err
		}}
		theirs, err := avahi(s, t)
		return s, []server{ours, theirs}, err
	},
}

// found is what there is to be found, of both.
var found = []struct {
	kind, subtype string
	port          int
	txt           []string
}{
	{"_nut._tcp", "_upscard._sub._nut._tcp", 3493, []string{"txtvers=1", "version=2.8.5 (upscard)", "protocol=1.3", "device_list=apc", "model.apc=American Power Conversion Smart-UPS 1500"}},
	{"_upsd._tcp", "", 3493, []string{"txtvers=1", "device_list=apc"}},
	{"_device-info._tcp", "", 0, []string{"model=upscard"}},
}

const avahiConf = `[server]
host-name=bench
use-ipv4=yes
use-ipv6=yes
allow-interfaces=eth0
enable-dbus=no
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
`

func avahi(s *stand, t tree) (server, error) {
	if err := t.prepare(); err != nil {
		return server{}, err
	}
	dir := filepath.Join(string(t), "etc/avahi")
	for _, sub := range []string{"etc/avahi/services", "run/avahi-daemon"} {
		if err := os.MkdirAll(filepath.Join(string(t), sub), 0o755); err != nil {
			return server{}, err
		}
	}
	var xml strings.Builder
	xml.WriteString("<service-group><name>bench</name>")
	for _, f := range found {
		fmt.Fprintf(&xml, "<service><type>%s</type>", f.kind)
		if f.subtype != "" {
			fmt.Fprintf(&xml, "<subtype>%s</subtype>", f.subtype)
		}
		fmt.Fprintf(&xml, "<port>%d</port>", f.port)
		for _, text := range f.txt {
			fmt.Fprintf(&xml, "<txt-record>%s</txt-record>", text)
		}
		xml.WriteString("</service>")
	}
	xml.WriteString("</service-group>")
	for name, text := range map[string]string{"bench.conf": avahiConf, "services/bench.service": xml.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return server{}, err
		}
	}
	return server{"avahi-daemon", func(b *bench) (p *process, err error) {
		cmd, err := t.enclosed("/usr/sbin/avahi-daemon", "-f", "/etc/avahi/bench.conf", "--no-drop-root", "--no-chroot", "--no-rlimits")
		if err != nil {
			return nil, err
		}
		err = within(s.link.theirs, func() error {
			p, err = b.run(cmd)
			return err
		})
		return p, err
	}}, nil
}

// isFound reports an error until all that there is can be found.
func (l *link) isFound() error {
	begun := time.Now()
	for _, f := range found {
		if _, err := l.ask("bench."+f.kind+".local.", dns.TypeTXT); err != nil {
			return err
		}
		got := l.txt("bench."+f.kind+".local.", begun)
		if want := slices.Sorted(slices.Values(f.txt)); !slices.Equal(got, want) {
			return fmt.Errorf("%s has %q, want %q", f.kind, got, want)
		}
	}
	_, err := l.ask("bench.local.", dns.TypeA)
	return err
}

// txt is what was said last of a service since then, sorted.
func (l *link) txt(name string, since time.Time) (text []string) {
	for _, p := range l.since(since) {
		for _, rr := range slices.Concat(p.msg.Answer, p.msg.Extra) {
			if t, ok := rr.(*dns.TXT); ok && t.Hdr.Name == name {
				text = slices.Sorted(slices.Values(t.Txt))
			}
		}
	}
	return text
}

// traffic is what was sent since then.
func (l *link) traffic(since time.Time) (packets, bytes float64) {
	for _, p := range l.since(since) {
		packets++
		bytes += float64(p.len)
	}
	return packets, bytes
}

// beFound measures the whole life of an announcement: it is made, then nothing happens, then it is asked for.
func beFound(ctx context.Context, m *measuring) (figures []figure, err error) {
	begun := time.Now()
	p, err := m.server.begin(m.stand.bench)
	if err != nil {
		return nil, err
	}
	defer p.stop(syscall.SIGTERM)
	for _, phase := range []struct {
		what    string
		measure func(context.Context, *measuring, time.Time) ([]figure, error)
		cpu     string
		of      float64 // of the CPU's time, from that of the phase
	}{
		{"announced", announced, "CPU, ms", 1},
		{"at rest", atRest, "CPU an hour, ms", float64(time.Hour) / float64(restTimes*m.length)},
		{"asked", asked, "CPU for 1,000, ms", 1000. / (2 * asks)},
	} {
		before := processor(p.pid())
		list, err := phase.measure(ctx, m, begun)
		if err != nil {
			return figures, fmt.Errorf("%w: %s", err, p.said())
		}
		cpu := figure{phase.cpu, micros(processor(p.pid())-before) / 1000 * phase.of, true}
		figures = append(figures, named(phase.what+": ", append(list, cpu))...)
		begun = time.Now()
	}
	now, _, err := resident(p.pid())
	return append(figures, figure{"resident, MB", float64(now) / 1e6, true}), err
}

// announced counts what is said unasked.
func announced(ctx context.Context, m *measuring, begun time.Time) ([]figure, error) {
	l := m.stand.link
	err := until(ctx, "announcement", func() bool {
		return slices.Equal(l.txt("bench._nut._tcp.local.", begun), slices.Sorted(slices.Values(found[0].txt)))
	})
	took := time.Since(begun)
	time.Sleep(settleTime)
	packets, bytes := l.traffic(begun)
	return []figure{{"to all of it, ms", micros(took) / 1000, true}, {"packets", packets, true}, {"bytes", bytes, true}}, err
}

// restTimes is how many times longer than others the measurement of a rest is.
const restTimes = 60

// atRest counts what is said when all has been said. What an hour has is taken from a shorter time.
func atRest(_ context.Context, m *measuring, begun time.Time) ([]figure, error) {
	time.Sleep(restTimes * m.length)
	packets, _ := m.stand.link.traffic(begun)
	return []figure{{"packets an hour", packets * float64(time.Hour) / float64(restTimes*m.length), true}}, nil
}

// asked measures the time to an answer for the card's own name, which is to be given at once, and for a kind of service, which others may have
// too: the standard wants that delayed by 20 to 120 ms. Each is asked for no more often than it may be answered.
func asked(_ context.Context, m *measuring, begun time.Time) (figures []figure, err error) {
	for _, q := range []struct {
		what, name string
		kind       uint16
	}{{"host name", "bench.local.", dns.TypeA}, {"service", "_nut._tcp.local.", dns.TypePTR}} {
		var o outcome
		for range asks {
			time.Sleep(askPause)
			took, err := m.stand.link.ask(q.name, q.kind)
			if err != nil {
				return nil, err
			}
			o.times = append(o.times, took)
		}
		slices.Sort(o.times)
		figures = append(figures, figure{q.what + ": p50, ms", micros(o.at(0.5)) / 1000, true}, figure{q.what + ": at most, ms", micros(o.at(1)) / 1000, true})
	}
	packets, bytes := m.stand.link.traffic(begun)
	return append(figures, figure{"packets for 100", packets * 100 / (2 * asks), true}, figure{"bytes for an answer", bytes / (2 * asks), true}), nil
}
