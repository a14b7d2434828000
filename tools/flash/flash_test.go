package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestFlash(t *testing.T) {
	img := smallImage(t)
	for name, packed := range map[string][]byte{"plain": img, "compressed": pack(t, img)} {
		b := newBench(t, packed)
		if code := b.run(t.Context()); code != 0 {
			t.Fatalf("%s: %d: %s", name, code, b.stderr.String())
		}
		if !bytes.Equal(b.card.data[:len(img)], img) || !b.card.closed {
			t.Errorf("%s: the card does not hold the image", name)
		}
		for _, want := range []string{"Type mmcblk0 to go on", "writing   55.6 MB of 55.6 MB, 100 %", "verifying 55.6 MB", "MB/s, 0s left", "You can take it out"} {
			if !strings.Contains(b.out.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, b.out.String())
			}
		}
	}
}

// Whatever goes wrong, nothing says that it is done, and what was begun does not boot.
func TestTrouble(t *testing.T) {
	img := smallImage(t)
	packed := pack(t, img)
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-2] ^= 1 // the checksum
	for _, test := range []struct {
		name  string
		img   []byte
		spoil func(b *bench, cancel func())
		said  string
		boots bool
	}{
		{"short", img[:len(img)-1], nil, "the image ends after 55575039 bytes: it was not copied or downloaded whole", false},
		{"short, compressed", packed[:len(packed)-10], nil, "it was not copied or downloaded whole", false},
		{"damaged, compressed", damaged, nil, "the image is damaged", false},
		{"long", append(bytes.Clone(img), 0), nil, "longer than its partition table says", false},
		{"stopped", img, func(b *bench, cancel func()) {
			b.card.onWrite = func(at int64) {
				if at == 5*chunk {
					cancel()
				}
			}
		}, "stopped after 25.2 MB; it does not hold a card's system now: write it again", false},
		{"broken", img, func(b *bench, _ func()) { b.card.failAt = 3 * chunk }, "after 12.6 MB: input/output error; it does not hold", false},
		{"worn", img, func(b *bench, _ func()) { b.card.worn = 9*chunk + 1 }, "bytes 37748736 to 41943040 differ", true},
	} {
		b := newBench(t, test.img)
		ctx, cancel := context.WithCancel(t.Context())
		if test.spoil != nil {
			test.spoil(b, cancel)
		}
		code := b.run(ctx)
		cancel()
		if code != 1 || !strings.Contains(b.stderr.String(), test.said) || !strings.Contains(b.stderr.String(), "mmcblk0: ") {
			t.Errorf("%s: %d: %s", test.name, code, b.stderr.String())
		}
		if strings.Contains(b.out.String(), "take it out") || !b.card.closed {
			t.Errorf("%s: says\n%s", test.name, b.out.String())
		}
		if boots := b.card.data[510] == 0x55; boots != test.boots {
			t.Errorf("%s: boots: %v", test.name, boots)
		}
	}
}

// These end before anything is written.
func TestRefusals(t *testing.T) {
	img := smallImage(t)
	foreign := bytes.Clone(img)
	foreign[440] = 0
	for _, test := range []struct {
		name  string
		img   []byte
		args  []string
		typed string
		code  int
		said  string
	}{
		{"not confirmed", img, nil, "no\n", 1, "not confirmed, nothing was written"},
		{"nobody there", img, nil, "", 1, "-yes does not ask"},
		{"another image", foreign, nil, "", 1, "no image of a card"},
		{"no image", []byte("hi"), nil, "", 1, "too short for an image"},
		{"cut in the head", img[:20<<20], nil, "", 1, "not copied or downloaded whole"},
		{"wrong key", img, []string{"-yes", "-set", "netwrok.hostname=x"}, "", 1, `upscard.toml with the values given:2:1: unknown key "netwrok"`},
		{"wrong name", img, []string{"-yes", "-hostname", "a b"}, "", 1, "nothing was written, as a card would not accept this"},
		{"wrong address", img, []string{"-yes", "-address", "300.0.0.1/24"}, "", 1, "address"},
		{"no key", img, []string{"-set", "x"}, "", 2, "want KEY=VALUE"},
		{"odd key", img, []string{"-set", "a b=1"}, "", 2, "no key of TOML"},
		{"no such file", img, []string{"-config", "/no/such/file"}, "", 1, "/no/such/file"},
		{"a third thing", img, []string{"third"}, "", 2, "usage:"},
	} {
		b := newBench(t, test.img)
		b.in = strings.NewReader(test.typed)
		b.card.onWrite = func(int64) { t.Errorf("%s: something was written", test.name) }
		if code := b.run(t.Context(), test.args...); code != test.code || !strings.Contains(b.stderr.String(), test.said) {
			t.Errorf("%s: %d: %s", test.name, code, b.stderr.String())
		}
	}
}
