package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

const keyProfiles = "profiles"

// Profile is what a kind of client takes for granted.
type Profile struct {
	Name        string
	User        User   // who may LOGIN as a secondary, and nothing more
	Alias       string // of the first UPS, unless another one has the name
	TestResult  bool   // ups.test.result is always there
	description string // for the documentation
}

var profiles = []Profile{
	{Name: "synology", User: User{Name: "monuser", Password: "secret", Upsmon: "secondary"}, Alias: "ups",
		description: "Synology's DSM asks for the UPS `ups` as `monuser` with the password `secret`"},
	{Name: "qnap", User: User{Name: "admin", Password: "123456", Upsmon: "secondary"}, Alias: "qnapups", TestResult: true,
		description: "QNAP's QTS asks for the UPS `qnapups` as `admin` with the password `123456`, and wants `ups.test.result`"},
	{Name: "winnut", User: User{Name: "winnut", Password: "winnut", Upsmon: "secondary",
		StatusWords: []string{"OL", "OB", "LB", "HB", "CHRG", "DISCHRG", "FSD", "BYPASS", "CAL", "OFF", "OVER", "TRIM", "BOOST"}},
		description: "WinNUT ignores a status with a word that it does not know, as `RB`: enter the user `winnut` with the password `winnut` there"},
}

func profileNames() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

func profileName(v value) (string, error) {
	if v.kind != unstable.String {
		return "", wrongType("a name in quotes", v)
	}
	if !slices.Contains(profileNames(), v.text) {
		return "", fmt.Errorf("want one of %s, got %s%s", strings.Join(profileNames(), ", "), quote(v.text), didYouMean(v.text, profileNames()))
	}
	return v.text, nil
}

// InForce returns the profiles that are asked for.
func (c *Config) InForce() []Profile {
	var list []Profile
	for _, p := range profiles {
		if slices.Contains(c.Profiles, p.Name) {
			list = append(list, p)
		}
	}
	return list
}

// checkProfiles asserts that everybody's password opens no more than it should. A user of the same name who may do no more takes
// the place of the profile's.
func checkProfiles(r *report, c *Config, users *entries[User]) {
	for _, p := range c.InForce() {
		for _, x := range users.list {
			u := x.item
			if x.key.name != p.User.Name || u.Upsmon != "primary" && len(u.Actions) == 0 && len(u.InstCmds) == 0 {
				continue
			}
			r.addf(x.key.offset, "%s may do more than LOGIN as a secondary, and the profile %s has everybody know that name: choose another",
				users.header(x.key), p.Name)
		}
	}
}
