package nutclients

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestClients has Debian's clients ask both servers.
func TestClients(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	b := newBench(t, qnap, synology, forced)
	t.Run("upsc", func(t *testing.T) { b.upsc(t, r) })
	t.Run("upscmd", func(t *testing.T) { b.same(t, r, upscmd) })
	t.Run("upsrw", func(t *testing.T) { b.upsrw(t, r) })
	t.Run("upslog", func(t *testing.T) { b.same(t, r, upslog) })
	t.Run("nut-scanner", func(t *testing.T) { b.same(t, r, scanner) })
	t.Run("check_ups", func(t *testing.T) { b.same(t, r, checkUPS) })
	t.Run("cgi", func(t *testing.T) { b.cgi(t, r) })
	t.Run("collectd", func(t *testing.T) { b.collectd(t, r) })
	t.Run("PyNUT", func(t *testing.T) { b.script(t, r, "python3", "pynut.py", "GetUPSVars") })
	t.Run("UPS::Nut", func(t *testing.T) { b.script(t, r, "perl", "upsnut.pl", "ListVar") })
	t.Run("go.nut", func(t *testing.T) { b.gonut(t) })
	t.Run("telegraf", func(t *testing.T) { b.telegraf(t) })
	t.Run("node-nut", func(t *testing.T) { b.nodeNut(t) })
	t.Run("transcripts", func(t *testing.T) { b.transcripts(t) })
	b.logSeen(t)
}

// TestClientsInTrouble has them ask for what cannot be had.
func TestClientsInTrouble(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	b := newBench(t, synology, stale, never)
	for _, name := range []string{stale, never, "nobody"} {
		at := name + "@SERVER"
		b.same(t, r, []call{
			{args: []string{"upsc", at}, want: "Error:"},
			{args: []string{"upsc", at, "ups.status"}, want: "Error:"},
			{args: []string{"upsc", "-c", at}},
			{args: []string{"upscmd", "-l", at}, want: "Error:"},
			{args: []string{"upscmd", "-u", "op", "-p", "op-secret", at, "load.off"}, want: "ERR"},
			{args: []string{"upsrw", at}, want: "Error:"},
			{args: []string{"upsrw", "-s", "ups.id=x", "-u", "op", "-p", "op-secret", at}, want: "ERR"},
			{args: []string{"check_ups", "-H", "127.0.0.1", "-p", "PORT", "-u", name}, want: "exit status 2"},
		})
	}
	b.same(t, r, []call{
		{args: []string{"upsc", "-L", "SERVER"}, want: "never: The one called never"},
		{args: []string{"nut-scanner", "-O", "-s", "127.0.0.1", "-e", "127.0.0.1", "-p", "PORT"}, want: "stale@127.0.0.1"},
	})
}

var upsc = []call{
	{args: []string{"upsc", "-l", "SERVER"}, want: "qnapups\nups\nforced\n"},
	{args: []string{"upsc", "-L", "SERVER"}, want: "ups: The one called ups\n"},
	{args: []string{"upsc", "-c", "ups@SERVER"}},
	{args: []string{"upsc", "ups@SERVER"}, want: "ups.mfr: APC\n"},
	{args: []string{"upsc", "UPS@SERVER"}, want: "ups.mfr: APC\n"},
	{args: []string{"upsc", "qnapups@SERVER"}, want: "ups.temperature: 31.5\n"},
	{args: []string{"upsc", "ups@SERVER", "ups.status"}, want: "OL\n"},
	{args: []string{"upsc", "ups@SERVER", "ups.id"}, want: `say "hi" \ #1` + "\n"},
	{args: []string{"upsc", "ups@SERVER", "no.such"}, want: "Error: Variable not supported by UPS\n"},
	{args: []string{"upsc", "ups@SERVER", "server.info"}},
}

// upsc shows values, and who has logged in.
func (b *bench) upsc(t *testing.T, r *root) {
	b.same(t, r, upsc)
	for _, server := range b.servers {
		for range 2 {
			c := dial(t, server)
			defer c.Close()
			for _, request := range []string{"USERNAME monuser", "PASSWORD secret", "LOGIN ups"} {
				if answer := c.ask(t, request); answer != "OK\n" {
					t.Fatalf("%s: %s", request, answer)
				}
			}
		}
	}
	b.same(t, r, []call{{args: []string{"upsc", "-c", "ups@SERVER"}, want: "127.0.0.1\n127.0.0.1\n"}})
}

func upscmdAs(user, password string, args ...string) []string {
	return append([]string{"upscmd", "-u", user, "-p", password}, args...)
}

var upscmd = []call{
	{args: []string{"upscmd", "-l", "ups@SERVER"}, want: "load.off - Switches the load off at once"},
	{args: []string{"upscmd", "-l", "qnapups@SERVER"}, want: "load.off - "},
	{args: upscmdAs("op", "op-secret", "ups@SERVER", "test.battery.start"), want: "OK\n"},
	{args: upscmdAs("op", "op-secret", "-w", "ups@SERVER", "test.battery.start"), want: "SUCCESS\n"},
	{args: upscmdAs("op", "op-secret", "-w", "ups@SERVER", "Test.Battery.Start.Quick", "120"), want: "SUCCESS\n"},
	{args: upscmdAs("op", "op-secret", "-w", "ups@SERVER", "load.off", "failed"), want: "ERR FAILED"},
	{args: upscmdAs("op", "op-secret", "-w", "ups@SERVER", "load.off", "invalid"), want: "ERR INVALID-ARGUMENT"},
	{args: upscmdAs("op", "op-secret", "-w", "qnapups@SERVER", "load.off"), want: "ERR UNKNOWN"},
	{args: upscmdAs("op", "op-secret", "ups@SERVER", "no.such"), want: "CMD-NOT-SUPPORTED"},
	{args: upscmdAs("op", "wrong", "ups@SERVER", "load.off"), want: "ACCESS-DENIED"},
	{args: upscmdAs("nobody", "op-secret", "ups@SERVER", "load.off"), want: "ACCESS-DENIED"},
	{args: upscmdAs("monuser", "secret", "ups@SERVER", "load.off"), want: "ACCESS-DENIED"},
	{args: upscmdAs("card", "card-secret", "ups@SERVER", "load.off"), want: "ACCESS-DENIED"},
	{args: upscmdAs("card", "card-secret", "-w", "ups@SERVER", "beeper.mute"), want: "SUCCESS"},
	{args: []string{"upscmd", "-u", "card", "ups@SERVER", "beeper.mute"}, want: "PASSWORD-REQUIRED"},
}

func (b *bench) upsrw(t *testing.T, r *root) {
	as := func(user, password string, args ...string) []string {
		return append([]string{"upsrw", "-u", user, "-p", password}, args...)
	}
	list := []call{
		{args: []string{"upsrw", "ups@SERVER"}, want: "[input.sensitivity]\n"},
		{args: []string{"upsrw", "-l", "ups@SERVER"}, want: "[ups.id]"},
		{args: []string{"upsrw", "qnapups@SERVER"}, want: "[ups.temperature]\n"},
	}
	b.same(t, r, list)
	for _, c := range []struct{ ups, name, value string }{
		{"ups", "ups.id", "Data room 2"}, {"ups", "input.sensitivity", "high"}, {"ups", "input.transfer.low", "165"}, {"ups", "battery.charge.low", "91"},
		{"ups", "input.transfer.high", "272"}, {"ups", "ups.contacts", ""}, {"ups", "ups.id", `a "b" \ c`}, {"qnapups", "ups.id", "rack 7"}, {"qnapups", "battery.charge", "88"},
	} {
		b.same(t, r, []call{{args: as("op", "op-secret", "-w", "-s", c.name+"="+c.value, c.ups+"@SERVER"), want: "SUCCESS\n"}})
		for _, server := range b.servers {
			until(t, server, "GET VAR "+c.ups+" "+c.name, func(reply string) bool {
				return strings.NewReplacer(`\`, "", "\n", "").Replace(reply) == "VAR "+c.ups+" "+c.name+` "`+strings.ReplaceAll(c.value, `\`, "")+`"`
			})
		}
	}
	b.same(t, r, slices.Concat(list, []call{
		{args: as("op", "op-secret", "-s", "ups.id=plain", "ups@SERVER"), want: "OK\n"},
		{args: as("op", "op-secret", "-s", "ups.id=12345678901234567", "ups@SERVER"), want: "TOO-LONG"},
		{args: as("op", "op-secret", "-s", "input.sensitivity=none", "ups@SERVER"), want: "INVALID-VALUE"},
		{args: as("op", "op-secret", "-s", "input.transfer.low=1", "ups@SERVER"), want: "INVALID-VALUE"},
		{args: as("op", "op-secret", "-s", "ups.load=1", "ups@SERVER"), want: "READONLY"},
		{args: as("op", "op-secret", "-s", "no.such=1", "ups@SERVER"), want: "VAR-NOT-SUPPORTED"},
		{args: as("op", "wrong", "-s", "ups.id=x", "ups@SERVER"), want: "ACCESS-DENIED"},
		{args: as("monuser", "secret", "-s", "ups.id=x", "ups@SERVER"), want: "ACCESS-DENIED"},
		{args: []string{"upsrw", "-s", "ups.id=asked", "-u", "op", "ups@SERVER"}, want: "PASSWORD-REQUIRED"},
	}))
}

var upslog = []call{{
	args: []string{"upslog", "-s", "ups@SERVER", "-l", "-", "-i", "1", "-p", "TMP/upslog", "-u", "root", "-f",
		"%VAR ups.status% %VAR battery.charge% %VAR input.voltage% %VAR ups.load% %VAR no.such% %VAR ups.model%"},
	line: regexp.MustCompile(`^OL`), lines: 1, want: `OL 100 229.0 12 NA Rack "blue" 3000`,
}}

var scanner = []call{
	{args: []string{"nut-scanner", "-O", "-s", "127.0.0.1", "-e", "127.0.0.1", "-p", "PORT"}, want: `port = "ups@127.0.0.1`},
	{args: []string{"nut-scanner", "-O", "-P", "-s", "127.0.0.1", "-p", "PORT"}, want: `driver="nutclient",port="ups@127.0.0.1`},
	{args: []string{"nut-scanner", "-O", "-m", "127.0.0.1/32", "-p", "PORT"}, want: `port = "qnapups@127.0.0.1`},
}

func checkUPSOf(args ...string) []string {
	return append([]string{"check_ups", "-H", "127.0.0.1", "-p", "PORT"}, args...)
}

var checkUPS = []call{
	{args: checkUPSOf("-u", "ups"), want: "UPS OK - Status=Online"},
	{args: checkUPSOf("-u", "qnapups", "-T"), want: "UPS OK"},
	{args: checkUPSOf("-u", "ups", "-v", "LOADPCT", "-w", "10", "-c", "90"), want: "WARNING"},
	{args: checkUPSOf("-u", "ups", "-v", "BATTPCT", "-w", "99", "-c", "99"), want: "UPS"},
	{args: checkUPSOf("-u", "qnapups", "-v", "LINE"), want: "UPS"},
	{args: checkUPSOf("-u", "qnapups", "-v", "TEMP"), want: "UPS"},
	{args: checkUPSOf("-u", "nobody"), want: "CRITICAL"},
}

// cgi has a web server's clients make their pages.
func (b *bench) cgi(t *testing.T, r *root) {
	for _, template := range []string{"upsstats.html", "upsstats-single.html"} {
		text, err := os.ReadFile(filepath.Join(r.path, "etc/nut", template))
		if err != nil {
			t.Fatal(err)
		}
		r.write(t, template, string(text))
	}
	r.write(t, "upsset.conf", "I_HAVE_SECURED_MY_CGI_DIRECTORY\n")
	query := func(program, query, want string) call {
		return call{args: []string{program}, env: []string{"REQUEST_METHOD=GET", "QUERY_STRING=" + query}, want: want}
	}
	calls := []call{
		query("upsstats.cgi", "host=ups@SERVER", "ONLINE"),
		query("upsstats.cgi", "host=qnapups@SERVER", "ONLINE"),
		query("upsstats.cgi", "host=ups@SERVER&treemode", "input.sensitivity"),
		query("upsstats.cgi", "host=qnapups@SERVER&treemode", "battery.mfr.date"),
	}
	for _, display := range strings.Fields("battcap battvolt utility upsload outvolt input output temp infreq outfreq") {
		calls = append(calls, query("upsimage.cgi", "host=qnapups@SERVER&display="+display, "Content-type: image/png"))
	}
	for _, form := range []struct{ function, more, want string }{
		{"showsettings", "", `VALUE="medium"`},
		{"showcmds", "", "test.battery.start"},
		{"docmd", "&upscommand=beeper.mute", "OK"},
		{"docmd", "&upscommand=no.such", "CMD-NOT-SUPPORTED"},
		{"savesettings", "&UPSVAR_ups.id=Web&UPSVAR_input.sensitivity=low", "OK"},
		{"savesettings", "&UPSVAR_input.sensitivity=none", "INVALID-VALUE"},
	} {
		for _, password := range []string{"op-secret", "wrong"} {
			if password == "wrong" {
				form.want = ""
			}
			calls = append(calls, call{args: []string{"upsset.cgi"}, env: []string{"REQUEST_METHOD=POST", "CONTENT_LENGTH=10000"}, want: form.want,
				stdin: "username=op&password=" + password + "&function=" + form.function + "&monups=" + url.QueryEscape("ups@") + "SERVER" + form.more})
		}
	}
	for _, c := range calls {
		b.compare(t, strings.Join(append(c.args, c.env[1], c.stdin), " "), c.want, func(server string) string {
			b.reset(t)
			r.write(t, "hosts.conf", r.fill("MONITOR ups@SERVER \"The rack\"\nMONITOR qnapups@SERVER \"The desk\"\n", server))
			return r.run(t, c, server)
		})
	}
}

// collectd reads each second. In two threads it crashes now and then: libupsclient is made ready by both at once.
func (b *bench) collectd(t *testing.T, r *root) {
	b.compare(t, "collectd", "nut-ups/percent-charge interval=1.000 TIME100.000000", func(server string) string {
		r.write(t, "collectd.conf", r.fill(`
FQDNLookup false
Hostname "bench"
BaseDir "TMP"
PIDFile "TMP/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Interval 1
ReadThreads 1
LoadPlugin nut
LoadPlugin csv
<Plugin csv>
	DataDir "stdout"
</Plugin>
<Plugin nut>
	UPS "ups@SERVER"
	UPS "qnapups@SERVER"
</Plugin>
`, server))
		return r.run(t, call{args: []string{"collectd", "-f", "-C", "TMP/collectd.conf"}, line: regexp.MustCompile("^PUTVAL"), lines: 18}, server)
	})
}

// script runs a script of testdata that calls every method of a library.
func (b *bench) script(t *testing.T, r *root, interpreter, name, want string) {
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, name, string(text))
	b.compare(t, name, want, func(server string) string {
		b.reset(t)
		return r.run(t, call{args: []string{interpreter, "TMP/" + name, "127.0.0.1", "PORT"}}, server)
	})
}
