package pifirmware

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// system is the partition that is booted, and what its config.txt says for this model.
type system struct {
	read      files
	partition int
	config    string // the file's name
	model     Model
	settings  []setting
}

// wrong is an error in what config.txt asks for. Errors of reading say themselves which file it is.
func (s *system) wrong(format string, args ...any) error {
	return fmt.Errorf("partition %d: %s: %s", s.partition, s.config, fmt.Sprintf(format, args...))
}

// step reads one part of what is handed over.
type step func(*system, *Boot) error

// fill goes through the steps in the firmware's order.
func (s *system) fill(b *Boot) error {
	for _, next := range []step{(*system).second, (*system).kernel, (*system).initramfs, (*system).deviceTree, (*system).overlays, (*system).cmdline} {
		if err := next(s, b); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) setting(key, other string) string { return last(s.settings, key, other) }

// file reads a file of the system. os_prefix is not stood in for.
func (s *system) file(name string) ([]byte, error) {
	if prefix := s.setting("os_prefix", ""); prefix != "" {
		return nil, s.wrong("os_prefix=%s is not known here", prefix)
	}
	return s.read(s.partition, name)
}

// second looks for the firmware's second stage: the cut-down one goes with 16 MB for the GPU.
func (s *system) second(*Boot) error {
	if s.model.Start == "" {
		return nil
	}
	variant, separator := "", "_"
	if s.model.Start != "start" {
		separator = "" // start_cd.elf, start4cd.elf
	}
	if s.setting("gpu_mem", "64") == "16" {
		variant = separator + "cd"
	}
	for _, name := range []string{s.model.Start + variant + ".elf", strings.Replace(s.model.Start, "start", "fixup", 1) + variant + ".dat"} {
		if _, err := s.file(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) kernel(b *Boot) error {
	if s.setting("arm_64bit", "0") != "1" {
		return s.wrong("without arm_64bit=1 the kernel is started as a 32-bit one on some models")
	}
	name := s.setting("kernel", "kernel8.img")
	data, err := s.file(name)
	if err != nil {
		return err
	}
	gzip := bytes.HasPrefix(data, []byte{0x1f, 0x8b})
	const magicAt = 56 // Documentation/arch/arm64/booting.rst
	plain := len(data) > magicAt+4 && string(data[magicAt:magicAt+4]) == "ARM\x64"
	if !gzip && !plain {
		return s.wrong("%s is no arm64 kernel", name)
	}
	b.Kernel = data
	return nil
}

func (s *system) initramfs(b *Boot) error {
	line := s.setting("initramfs", "")
	if line == "" {
		if s.setting("auto_initramfs", "0") == "1" {
			return s.wrong("auto_initramfs is not known here")
		}
		return nil
	}
	name, address, _ := strings.Cut(line, " ")
	if strings.TrimSpace(address) != "followkernel" {
		return s.wrong("initramfs %s: the address %q is not known here", name, address)
	}
	var err error
	b.Initramfs, err = s.file(name)
	return err
}

func (s *system) deviceTree(b *Boot) (err error) {
	name := s.setting("device_tree", s.model.DeviceTree)
	if s.model.DeviceTree == "" || name == "" {
		return nil
	}
	b.DeviceTree, err = s.file(name)
	return err
}

// overlays reads what dtoverlay= names, in order. Of models with other variants the firmware's overlay_map tells the name; here
// a Pi 5 tries the ending "-pi5", a Pi 4 or 5 "-pi4".
func (s *system) overlays(b *Boot) error {
	if b.DeviceTree == nil {
		return nil
	}
	var endings []string
	for _, e := range []struct{ tree, ending string }{{"bcm2712", "-pi5"}, {"bcm2712", "-pi4"}, {"bcm2711", "-pi4"}} {
		if strings.HasPrefix(s.model.DeviceTree, e.tree) {
			endings = append(endings, e.ending)
		}
	}
	for _, one := range s.settings {
		if one.key != "dtoverlay" || one.value == "" {
			continue
		}
		words := strings.Split(one.value, ",")
		data, err := s.overlay(words[0], append(endings, ""))
		if err != nil {
			return err
		}
		b.Overlays = append(b.Overlays, Overlay{Name: words[0], Parameters: words[1:], Data: data})
	}
	return nil
}

func (s *system) overlay(name string, endings []string) (data []byte, err error) {
	for _, ending := range endings {
		data, err = s.file("overlays/" + name + ending + ".dtbo")
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, err
}

func (s *system) cmdline(b *Boot) error {
	text, err := s.file(s.setting("cmdline", "cmdline.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // as the firmware does
	}
	b.CommandLine = commandLine(text, s.model)
	return err
}
