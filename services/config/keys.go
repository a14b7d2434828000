package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rule says what one key of a T may be.
type rule[T any] struct {
	key  string
	set  func(*T, value) error // stores a value or says what was expected instead; its errors never repeat what is secret
	show func(T) string        // the value as TOML, "" where it was not given

	// For the documentation.
	values   string // units, range
	standard string // what holds without the key
	meaning  string
}

// The keys at the top of the file and in [users.NAME].
var (
	topKeys = []rule[Config]{
		{"listen", func(c *Config, v value) (err error) { c.Listen, err = addresses(v); return }, func(c Config) string { return showList(c.Listen) },
			`list of 1 to 32 "HOST:PORT"`, `[":3493"]`,
			"Where the NUT server is reached. HOST is an IP address of the card or `localhost`; without one it is every address, IPv4 and IPv6."},
		{"anonymous", func(c *Config, v value) (err error) { c.Anonymous, err = anonymous(v); return }, func(c Config) string { return c.Anonymous.show() },
			"`true`, `false`, or network, or list of up to 32", "`true`",
			"Who may read without a name and a password: everybody, nobody, or who is in these networks. To write takes a user in any case."},
		{keyProfiles, func(c *Config, v value) (err error) { c.Profiles, err = some(v, len(profiles), profileName); return }, func(c Config) string { return showList(c.Profiles) },
			"`synology`, `qnap`, `winnut`, or a list", "none", "What these clients take for granted, see above."},
		{"protocol", func(c *Config, v value) (err error) {
			c.Protocol, err = choice(v, "nut", protocolRFC)
			c.Protocol = strings.TrimPrefix(c.Protocol, "nut")
			return
		},
			func(c Config) string { return showText(c.Protocol) }, "`nut` or `rfc9271`", "`nut`",
			"`nut` is NUT's protocol with the names of RFC 9271 besides (ATTACH, DETACH, GET NUMATTACH). `rfc9271` leaves those out that the RFC has replaced (LOGIN, LOGOUT, MASTER, NETVER, GET NUMLOGINS): NUT's own clients then cannot log in."},
		{"idletimeout", func(c *Config, v value) (err error) { c.IdleTimeout, err = seconds(v, day); return },
			func(c Config) string { return showSeconds(c.IdleTimeout) }, "whole seconds from 1 to 86400", "never",
			"A client of the NUT server that asks nothing for so long is disconnected. Those that only wait, as an upsmon between two polls, must stay: leave it out, or choose it long."},
		{"maxconnperaddress", func(c *Config, v value) (err error) {
			c.MaxConnPerAddress, err = whole(v, 1, 12000, "connections")
			return
		},
			func(c Config) string { return showNumber(c.MaxConnPerAddress) }, "whole connections from 1 to 12000", "2500",
			"How many clients one IPv4 address, or one IPv6 network of 64 bits, may have connected to the NUT server. In all there may be 12000."},
	}
	userKeys = []rule[User]{
		{"password", func(u *User, v value) (err error) { u.Password, err = secret(v); return }, func(u User) string { return showText(u.Password) },
			"text, at most 128 bytes, or what `upscard hash` prints", "must be given, unless there is `cert`", "Clients send it in the clear: use no password of yours that opens anything else. NUT's own can send no blanks in it. With its hash in its place nobody can read it from the card."},
		{"upsmon", func(u *User, v value) (err error) { u.Upsmon, err = choice(v, "primary", "secondary"); return },
			func(u User) string { return showText(u.Upsmon) },
			"`primary` or `secondary`", "may not log in", "What an upsmon that logs in by this name is: `primary` for the machine that shuts down last, which may also have all others shut down (`FSD`)."},
		{"actions", func(u *User, v value) (err error) { u.Actions, err = some(v, 2, action); return },
			func(u User) string { return showList(u.Actions) },
			"`SET`, `FSD`, or a list of both", "none", "What else the user may do: `SET` to write variables of a UPS, `FSD` to have every machine on it shut down. A primary with `FSD` may end that too, as `upsrw -s server.fsd=no`."},
		{"instcmds", func(u *User, v value) (err error) { u.InstCmds, err = some(v, maxCommands, command); return },
			func(u User) string { return showList(u.InstCmds) },
			"`ALL`, or list of up to 64 names", "none", "Instant commands that the user may give, as `beeper.mute`. Some switch the load off."},
		{keyUserUPS, func(u *User, v value) (err error) { u.UPS, err = some(v, maxEntries, upsName); return }, func(u User) string { return showList(u.UPS) },
			"name of a UPS, or list of up to 64", "all", "The UPSes that this user has anything to do with. Reading needs no user, unless `anonymous` says so."},
		{"from", func(u *User, v value) (err error) { u.From, err = some(v, maxNetworks, network); return }, func(u User) string { return showList(u.From) },
			"network as `192.168.1.0/24`, or address, or list of up to 32", "anywhere", "Where this user's clients are. From elsewhere the password opens nothing."},
		{"statuswords", func(u *User, v value) (err error) { u.StatusWords, err = some(v, 32, statusWord); return }, func(u User) string { return showList(u.StatusWords) },
			"list of up to 32 words", "all", "The words of `ups.status` that this user's clients are shown: some ignore the whole of it when they do not know one."},
		{keyCert, func(u *User, v value) (err error) { u.Cert, err = certificate(v); return }, func(u User) string { return showText(u.Cert) },
			"name, or SHA-256", "none", "The certificate that this user's clients must show (`certrequest` in `[tls]`): the name in it, as `upscard mkcert` gives it, or its fingerprint. With it a user may do without `password`: then any will do."},
	}
)

// Tables that hold one table for each name, but for [network].
const (
	tableUPS        = "ups"
	tableUsers      = "users"
	tableNetwork    = "network"
	tableInterfaces = "network.interfaces"
	keyInterfaces   = "interfaces"
)

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

// keyError is what a check of an entry as a whole finds wrong with one key of it.
type keyError struct {
	key string
	error
}

func (e keyError) Error() string { return fmt.Sprintf("%s: %v", e.key, e.error) }

func checkUser(u User) error {
	if u.Password == "" && u.Cert == "" {
		return errors.New("there is no password")
	}
	if strings.HasPrefix(u.Password, hashPrefix) && !hashPattern.MatchString(u.Password) {
		return keyError{"password", errors.New("it looks like a hash, but is none that `upscard hash` prints")}
	}
	if len(u.InstCmds) > 1 && slices.Contains(u.InstCmds, AllCommands) {
		return keyError{"instcmds", fmt.Errorf("%q stands for every command, and alone", AllCommands)}
	}
	return nil
}
