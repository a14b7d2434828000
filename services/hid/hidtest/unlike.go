package hidtest

import (
	_ "embed"

	"github.com/pelletier/go-toml/v2"
)

//go:embed unlike-nut.toml
var unlike []byte

// UnlikeNUT lists where upscard means to differ from what NUT 2.8.5 says of the device of a capture: names of variables and commands with
// the reason, by capture.
func UnlikeNUT() map[string]map[string]string {
	all := make(map[string]map[string]string)
	if err := toml.Unmarshal(unlike, &all); err != nil {
		panic(err)
	}
	return all
}
