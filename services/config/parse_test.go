package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Config
	}{
		{"empty", "", Config{Listen: []string{":3493"}}},
		{"comments only", "# nothing\n\n", Config{Listen: []string{":3493"}}},
		{"listen", `listen = ["127.0.0.1:0", '[::1]:3493', "localhost:3494", "[fe80::1%eth0]:1"]`,
			Config{Listen: []string{"127.0.0.1:0", "[::1]:3493", "localhost:3494", "[fe80::1%eth0]:1"}}},
		{"empty tables", "[ups]\n[users]\n[ups.b]\n[ups.a]\n",
			Config{Listen: []string{":3493"}, UPS: []UPS{{Name: "b"}, {Name: "a"}}}},
		{"everything", `
[ups.rack_1]
desc = "Büro, links"
vendorid = "0x51D"
productid = "2"
serial = "3B 12"
port = "1-1.4"
pollinterval = 1
pollfreq = 0x3c
[users.mon]
password = '''` + `pass "word"` + `'''
upsmon = "primary"
[users.guest]
password = "x"
`, Config{
			Listen: []string{":3493"},
			UPS: []UPS{{Name: "rack_1", Desc: "Büro, links", VendorID: "051d", ProductID: "0002", Serial: "3B 12", Port: "1-1.4",
				PollInterval: time.Second, PollFreq: time.Minute}},
			Users: []User{{Name: "mon", Password: `pass "word"`, Upsmon: "primary"}, {Name: "guest", Password: "x"}},
		}},
		{"dotted and inline", "ups.z.desc = 'a'\n[users]\nm = {password = 'p', upsmon = 'secondary'}\n",
			Config{Listen: []string{":3493"}, UPS: []UPS{{Name: "z", Desc: "a"}}, Users: []User{{Name: "m", Password: "p", Upsmon: "secondary"}}}},
		{"rights", "[users.a]\npassword='p'\nactions=['SET', 'FSD']\ninstcmds=['beeper.mute', 'test.battery.start']\n" +
			"[users.b]\npassword='p'\nactions='SET'\ninstcmds='ALL'\n[users.c]\npassword='p'\ninstcmds=['ALL']\n",
			Config{Listen: []string{":3493"}, Users: []User{
				{Name: "a", Password: "p", Actions: []string{"SET", "FSD"}, InstCmds: []string{"beeper.mute", "test.battery.start"}},
				{Name: "b", Password: "p", Actions: []string{"SET"}, InstCmds: []string{AllCommands}},
				{Name: "c", Password: "p", InstCmds: []string{AllCommands}}}}},
		{"access", "anonymous=false\nprofiles='qnap'\nprotocol='rfc9271'\n[ups.a]\nalias='b'\n[users.admin]\npassword='p'\nupsmon='secondary'\nfrom='10.0.0.1'\nups='a'\n",
			Config{Listen: []string{":3493"}, Anonymous: Anonymous{Nobody: true}, Profiles: []string{"qnap"}, Protocol: "rfc9271",
				UPS:   []UPS{{Name: "a", Alias: []string{"b"}}},
				Users: []User{{Name: "admin", Password: "p", Upsmon: "secondary", UPS: []string{"a"}, From: prefixes("10.0.0.1/32")}}}},
		{"spread over the file", "[ups.b]\n[ups.a]\n[users.u]\npassword='p'\n[ups.c]\n",
			Config{Listen: []string{":3493"}, UPS: []UPS{{Name: "b"}, {Name: "a"}, {Name: "c"}}, Users: []User{{Name: "u", Password: "p"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse("f", []byte(test.text))
			if err != nil || !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", "[ups.ups]\n  descr = \"x\"\n", `f:2:3: unknown key "descr" in [ups.ups], did you mean "desc"?`},
		{"unknown top key", "\nlisten_on = []\n", `f:2:1: unknown key "listen_on", did you mean "listen"?`},
		{"unknown table once", "[upsen.ups]\na=1\nb=2\n", `f:1:2: unknown key "upsen", did you mean "ups"?`},
		{"nothing near", "x = 1", `f:1:1: unknown key "x"`},
		{"unknown subtable", "[ups.a.b]\nc=1\n", `f:1:8: unknown key "b" in [ups.a]`},
		{"swapped letters", "[users.a]\npasswrod='x'", `f:2:1: unknown key "passwrod" in [users.a], did you mean "password"?`},
		{"type", "[ups.a]\nvendorid = 1309\n",
			`f:2:12: vendorid: want one to four hexadecimal digits in quotes, as "051d", got a whole number`},
		{"hex", `ups.a.productid = "12345"`,
			`f:1:19: productid: want one to four hexadecimal digits in quotes, as "051d", got "12345"`},
		{"column after umlauts", `users.a = {password="äöü", upsmon="no"}`, `f:1:35: upsmon: want "primary" or "secondary", got "no"`},
		{"port", `ups.a.port = "/dev/usb/hiddev0"`, `f:1:14: port: want a USB port in quotes, as "1-1.4", or "auto", got "/dev/usb/hiddev0"`},
		{"duration", "[ups.a]\npollinterval = 11", `f:2:16: pollinterval: want whole seconds from 1 to 10, got 11`},
		{"duration in words", "[ups.a]\npollinterval = '2s'", `f:2:16: pollinterval: want whole seconds from 1 to 10, got text`},
		{"duration negative", "[ups.a]\npollfreq = -1", `f:2:12: pollfreq: want whole seconds from 1 to 3600, got -1`},
		{"frequencies", "[ups.a]\npollinterval = 9\npollfreq = 8", `f:1:6: [ups.a]: pollfreq is shorter than pollinterval`},
		{"idle", "idletimeout = 0", `f:1:15: idletimeout: want whole seconds from 1 to 86400, got 0`},
		{"too many connections", "maxconnperaddress = 12001", `f:1:21: maxconnperaddress: want whole connections from 1 to 12000, got 12001`},
		{"name", `[ups."my ups"]`, `f:1:6: name "my ups": want letters, digits, ".", "_" or "-", at most 64`},
		{"name with control character", `[ups."a\nb"]` + "\nx=1", `f:1:6: name "a\nb": want letters, digits, ".", "_" or "-", at most 64
f:2:1: unknown key "x" in [ups."a\nb"]`},
		{"listen type", `listen = ":3493"`, `f:1:10: listen: want a list of addresses, as ["192.168.1.5:3493"], got text`},
		{"listen empty", `listen = []`, `f:1:1: listen: want 1 to 32 in the list, got 0`},
		{"listen item", "listen = [\n  ':1',\n  'here',\n  5,\n  ':1',\n]",
			`f:3:3: listen: want an address with a port in quotes, as "192.168.1.5:3493", "[2001:db8::5]:3493" or ":3493", got "here"
f:4:3: listen: want an address with a port in quotes, as "192.168.1.5:3493", "[2001:db8::5]:3493" or ":3493", got a whole number
f:5:3: listen: ":1" is listed twice`},
		{"table instead of value", "[ups.a.desc]\nx=1", "f:1:8: desc: want text in quotes, got a table"},
		{"value instead of table", "ups = 'x'\nusers.u = 2", "f:1:1: ups: want tables, as [ups.NAME]\nf:2:7: want one table, as [users.u]"},
		{"list of tables", "[[ups.a]]", "f:1:7: want one table, as [ups.a]"},
		{"no password", "[users.u]\nupsmon = 'primary'", "f:1:8: [users.u]: there is no password"},
		{"empty text", "[ups.a]\ndesc = ''", "f:2:8: desc: want text, got nothing"},
		{"control character", `ups.a.desc = "\u0007"`, "f:1:14: desc: want text without control characters"},
		{"action", "users.a = {password='p', actions='set'}", `f:1:34: actions: want "SET" or "FSD", got "set"`},
		{"action item", "[users.a]\npassword='p'\nactions=[\n'LOGIN', 5]\n",
			"f:4:1: actions: want \"SET\" or \"FSD\", got \"LOGIN\"\nf:4:10: actions: want \"SET\" or \"FSD\", got a whole number"},
		{"no actions", "[users.a]\npassword='p'\nactions=[]\n", "f:3:1: actions: want 1 to 2 in the list, got 0"},
		{"action twice", "[users.a]\npassword='p'\nactions=['SET','SET']\n", `f:3:16: actions: "SET" is listed twice`},
		{"command", "[users.a]\npassword='p'\ninstcmds=['beeper mute',\n'all', '']\n",
			`f:3:11: instcmds: want a command in quotes, as "beeper.mute", or "ALL", got "beeper mute"
f:4:1: instcmds: want a command in quotes, as "beeper.mute", or "ALL", got "all"
f:4:8: instcmds: want a command in quotes, as "beeper.mute", or "ALL", got ""`},
		{"commands beside all", "[users.a]\npassword='p'\ninstcmds=['beeper.mute', 'ALL']\n",
			`f:3:1: instcmds: "ALL" stands for every command, and alone`},
		{"commands of no type", "[users.a]\npassword='p'\ninstcmds=true\n",
			`f:3:10: instcmds: want a command in quotes, as "beeper.mute", or "ALL", got true or false`},
		{"misspelt rights", "[users.a]\npassword='p'\naction='SET'\ninstcmd='ALL'\n",
			"f:3:1: unknown key \"action\" in [users.a], did you mean \"actions\"?\nf:4:1: unknown key \"instcmd\" in [users.a], did you mean \"instcmds\"?"},
		{"hash", "[users.a]\npassword='$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$c3Vt'\n", "f:2:10: password: it looks like a hash, but is none that `upscard hash` prints"},
		{"anonymous", "anonymous = 'all'", `f:1:13: anonymous: want a network in quotes, as "192.168.1.0/24", got "all"`},
		{"anonymous type", "anonymous = 1", `f:1:13: anonymous: want a network in quotes, as "192.168.1.0/24", got a whole number`},
		{"network", "[users.a]\npassword='p'\nfrom=['192.168.1.5/24', '10.0.0.0/33', 'fe80::1%eth0']\n",
			`f:3:7: from: "192.168.1.5/24" is an address inside the network 192.168.1.0/24: want that` + "\n" +
				`f:3:25: from: want a network in quotes, as "192.168.1.0/24", got "10.0.0.0/33"` + "\n" +
				`f:3:40: from: want a network in quotes, as "192.168.1.0/24", got "fe80::1%eth0"`},
		{"alias taken", "[ups.a]\nalias=['b','c']\n[ups.B]\n[ups.d]\nalias='C'\n", `f:2:1: alias: "b" is taken` + "\n" + `f:5:7: alias: "C" is taken`},
		{"same name", "[ups.a]\n[ups.A]\n", `f:2:6: name "A": another UPS has it, upper and lower case aside`},
		{"profile", "profiles = 'synologi'", `f:1:12: profiles: want one of synology, qnap, winnut, got "synologi", did you mean "synology"?`},
		{"profile's user", "profiles = ['synology', 'qnap']\n[users.monuser]\npassword='p'\nupsmon='primary'\n[users.admin]\npassword='p'\nactions='SET'\n",
			"f:2:8: [users.monuser] may do more than LOGIN as a secondary, and the profile synology has everybody know that name: choose another\n" +
				"f:5:8: [users.admin] may do more than LOGIN as a secondary, and the profile qnap has everybody know that name: choose another"},
		{"status word", "[users.a]\npassword='p'\nstatuswords=['ob']\n", `f:3:14: statuswords: want a word of ups.status in quotes, as "OB", got "ob"`},
		{"protocol", "protocol = 'rfc'", `f:1:12: protocol: want "nut" or "rfc9271", got "rfc"`},
		{"all at once", "a=1\n[ups.a]\nb=2\nport=3\n[users.u]\n",
			"f:1:1: unknown key \"a\"\nf:3:1: unknown key \"b\" in [ups.a]\n" +
				"f:4:6: port: want a USB port in quotes, as \"1-1.4\", or \"auto\", got a whole number\nf:5:8: [users.u]: there is no password"},
		{"mdns", "[mdns]\nenabled = 'no'\nname = ''\nnames = 'x'\n",
			"f:2:11: enabled: want true or false, got text\nf:3:8: name: want text, got nothing\nf:4:1: unknown key \"names\" in [mdns], did you mean \"name\"?"},
		{"nis", "[nis]\nenabled = 'no'\nlisten = ':1'\nups = ['a b']\nformat = '3.8'\nport = 1\n",
			"f:2:11: enabled: want true or false, got text\n" +
				`f:3:10: listen: want a list of addresses, as ["192.168.1.5:3493"], got text` + "\n" +
				`f:4:8: ups: name "a b": want letters, digits, ".", "_" or "-", at most 64` + "\n" +
				`f:5:10: format: want "3.14" or "old", got "3.8"` + "\n" +
				`f:6:1: unknown key "port" in [nis]`},
		{"tlsshim", "[tlsshim]\nenabled = 1\nlisten = []\nminimum = '1.1'\nport = 401\n",
			"f:2:11: enabled: want true or false, got a whole number\n" +
				"f:3:1: listen: want 1 to 32 in the list, got 0\n" +
				`f:4:11: minimum: want "1.3" or "1.2", got "1.1"` + "\n" +
				`f:5:1: unknown key "port" in [tlsshim]`},
		{"monitor", "monitor = 1\n", "f:1:1: monitor: want a table, as [monitor]"},
		{"monitor's values", "[monitor]\nhostsync = -1\noff = 'off'\nhostsyncs = 5\nalarmcritical = 1\n",
			"f:2:12: hostsync: want whole seconds from 0 to 3600, got -1\n" +
				"f:3:7: off: want \"return\", \"none\" or a command, as \"load.off.delay\", got \"off\"\n" +
				"f:4:1: unknown key \"hostsyncs\" in [monitor], did you mean \"hostsync\"?\n" +
				"f:5:17: alarmcritical: want true or false, got a whole number"},
		{"ways to tell", "[notify.a]\n[notify.b]\ntype='syslog'\n[notify.c]\ntype='webhook'\nurl='ftp://x/secret'\nevents='on battery'\n" +
			"[notify.d]\ntype='webhook'\nurl='http://x'\nproto='tcp'\n[notify.e]\nserver='x'\n",
			"f:1:9: [notify.a]: there is no type\nf:2:9: [notify.b]: there is no server\n" +
				"f:6:5: url: want a URL that begins with http:// or https://\n" +
				"f:7:8: events: want an event, as \"ONBATT\", got \"on battery\"\nf:11:7: proto: a webhook has none\n" +
				"f:13:8: server: want a server with its port, as \"192.168.1.9:514\", got \"x\""},
		{"syntax", "\n\n[ups.a\n", "f:3:7: "},
		{"twice", "[ups.a]\n[ups.a]\n", "f:2:"},
		{"key twice", "[ups.a]\ndesc='a'\ndesc='b'\n", "f:3:1: "},
		{"not text", "\xff\xfe\x00", "f:1:1: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f", []byte(test.text))
			var list Errors
			if !errors.As(err, &list) {
				t.Fatalf("got %v", err)
			}
			if got := err.Error(); got != test.want && (!strings.HasSuffix(test.want, ":") && !strings.HasSuffix(test.want, ": ") || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestErrorsHideSecrets(t *testing.T) {
	const password = "hunter2"
	for _, text := range []string{
		"[users.u]\npassword = hunter2\n", "[users.u]\npassword = 'hunter2\n", "[users.u]\npassword = \"hunter2\\q\"\n",
		"[users.u]\npassword = ['hunter2']\n", "[users.u]\npassword = 'hunter2\u0007'\n", "[users.u]\npasswort = 'hunter2'\n",
		"users.u = 'hunter2'", "users = 'hunter2'", "password = 'hunter2'", "[users.u]\npassword = {hunter2 = 'hunter2'}\n",
		"[users.u]\npassword = '" + strings.Repeat(password, 100) + "'\n", "[users.u]\npassword = 'hunter2' hunter2\n",
		"[users.u]\npassword = 'hunter2'\npassword = 'hunter2'\n", "[users.u]\npassword = true-hunter2\n", "[users.u]\npassword=1-hunter2\n",
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%.60q: got %v", text, err)
		}
	}
}

func TestBounds(t *testing.T) {
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "[ups.u%d]\n", i)
	}
	for name, text := range map[string]string{
		"tables": many.String(),
		"size":   strings.Repeat("#", MaxSize+1),
		"nested": "x = " + strings.Repeat("[", MaxSize-4),
		"errors": strings.Repeat("x", MaxSize/2) + "=1\n" + strings.ReplaceAll(many.String(), "ups", "psu"),
	} {
		_, err := Parse("f", []byte(text))
		var list Errors
		if !errors.As(err, &list) || len(list) > 20 || len(err.Error()) > 10_000 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "upscard.toml")
	if c, err := Load(file); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("no file: %+v, %v", c, err)
	}
	if err := os.WriteFile(file, []byte("[ups.a]\nx = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || err.Error() != file+`:2:1: unknown key "x" in [ups.a]` {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(file, make([]byte, MaxSize*2), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil {
		t.Error("a file of 128 KiB is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("listen = [':1']\n[ups.a]\ndesc='x'\npollfreq=30\n[users.u]\npassword='p'\n"))
	f.Add([]byte("ups.a = {vendorid='051d', port='1-1'}\nusers = {}\n[[x]]\n"))
	if data, err := os.ReadFile("testdata/upscard.toml"); err == nil {
		f.Add(data)
	}
	f.Add([]byte("[users.u]\npassword='p'\nactions='SET'\ninstcmds=['ALL']\n[users.v]\npassword='p'\nactions=['FSD','SET']\ninstcmds=['a','b.c']\n"))
	f.Add([]byte("ups.a={vendorid='09ae|051d', bus=1, override={battery.charge.low=40}, sdcommands='load.off,shutdown.stayoff'}\n" +
		"[ups.b]\nserial='[0-9]+'\nondelay=-1\n[ups.b.default]\n'input.voltage.nominal'=\"230\"\npollonly=true\n"))
	f.Add([]byte("network.interfaces.'*'={ipv6='off'}\n[network.interfaces.eth1]\naddress='10.0.0.1/31'\ngateway=['10.0.0.0','fe80::1']\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data)
		if (c == nil) == (err == nil) {
			t.Errorf("got %+v, %v", c, err)
		}
		if err == nil {
			if again, err := Parse("again", Encode(c)); err != nil || !reflect.DeepEqual(again, c) {
				t.Errorf("%+v is encoded as\n%s\nwhich is %+v, %v", c, Encode(c), again, err)
			}
		}
		var list Errors
		if err != nil && !errors.As(err, &list) {
			t.Errorf("got %v", err)
		}
		for _, e := range list {
			if e.Line < 1 || e.Column < 1 || e.Line > strings.Count(string(data), "\n")+1 {
				t.Errorf("%v: there is no such place", e)
			}
		}
	})
}
