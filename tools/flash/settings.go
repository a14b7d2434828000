package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
)

// configFile is the file on the configuration partition that an owner edits.
const configFile = "upscard.toml"

// settings are what is to be written into the image's upscard.toml.
type settings struct {
	file   string // its whole content; "" is the image's own
	values []string
}

// shorthands are flags for single keys of upscard.toml.
var shorthands = []struct{ flag, key, usage string }{
	{"hostname", `network.hostname`, "`name` of the card in the network"},
	{"address", `network.interfaces.eth0.address`, "static `address` of the card, with the length of its network: 192.168.1.5/24"},
	{"gateway", `network.interfaces.eth0.gateway`, "`address` of the router"},
	{"dns", `network.dns`, "`address` of the name server"},
}

func (s *settings) register(flags *flag.FlagSet) {
	flags.StringVar(&s.file, "config", "", "`file` that is to be the card's upscard.toml")
	flags.Func("set", "`KEY=VALUE` for the card's upscard.toml, where VALUE is TOML or plain text; may be repeated", func(text string) error {
		key, value, found := strings.Cut(text, "=")
		if !found {
			return fmt.Errorf("want KEY=VALUE")
		}
		return s.set(key, value)
	})
	for _, short := range shorthands {
		flags.Func(short.flag, short.usage+" ("+short.key+")", func(value string) error { return s.set(short.key, quote(value)) })
	}
}

// set adds a line. Whether a card understands it shows when the whole file is checked.
func (s *settings) set(key, value string) error {
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	var any map[string]any
	if toml.Unmarshal([]byte("v = "+value), &any) != nil || len(any) != 1 {
		value = quote(value)
	}
	line := key + " = " + value
	if toml.Unmarshal([]byte(line), &any) != nil || strings.ContainsAny(line, "\r\n") {
		return fmt.Errorf("%s: is no key of TOML", key)
	}
	s.values = append(s.values, line)
	return nil
}

// quote returns a TOML string.
func quote(text string) string {
	line, err := toml.Marshal(map[string]string{"v": text})
	if err != nil {
		return `""` // text is not UTF-8
	}
	return strings.TrimSpace(strings.TrimPrefix(string(line), "v = "))
}

// apply puts the settings into the image's head, if they are such that a card accepts them.
func (s *settings) apply(im *imageFile) error {
	if s.file == "" && len(s.values) == 0 {
		return nil
	}
	return edit(im, func(old []byte) ([]byte, error) {
		name, content := im.path+": "+configFile, old
		if s.file != "" {
			var err error
			if content, err = os.ReadFile(s.file); err != nil {
				return nil, err
			}
			name = s.file
		}
		if len(s.values) > 0 {
			name += " with the values given"
		}
		content = s.merge(content)
		if _, err := config.Parse(name, content); err != nil {
			return nil, fmt.Errorf("nothing was written, as a card would not accept this:\n%w", err)
		}
		return content, nil
	})
}

// merge puts the values in front: there no table is open yet.
func (s *settings) merge(content []byte) []byte {
	if len(s.values) == 0 {
		return content
	}
	return append([]byte("# Set when the card was written.\n"+strings.Join(s.values, "\n")+"\n\n"), content...)
}

// edit changes upscard.toml in the head of an image.
func edit(im *imageFile, change func(old []byte) ([]byte, error)) error {
	dir, err := os.MkdirTemp("", "flash-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "head")
	if err := os.WriteFile(path, im.head, 0o600); err != nil {
		return err
	}
	if err := editFile(path, change); err != nil {
		return err
	}
	im.head, err = os.ReadFile(path)
	return err
}

func editFile(path string, change func(old []byte) ([]byte, error)) error {
	disk, err := image.Open(path, true)
	if err != nil {
		return err
	}
	defer disk.Close()
	fat, err := disk.FAT(layout.Config)
	if err != nil {
		return err
	}
	old, err := fat.ReadFile(configFile)
	if err != nil {
		return err
	}
	content, err := change(old)
	if err != nil {
		return err
	}
	return fat.WriteFile(configFile, content)
}
