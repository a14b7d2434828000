package hidasm

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
)

func TestAssemble(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"page usage collection", "UsagePage PowerDevice; Usage UPS; Collection Application; End", "0584 0904 a101 c0"},
		{"unsigned bytes need room", "LogicalMin 0; LogicalMax 255; LogicalMax 65535", "1500 26ff00 27ffff0000"},
		{"signed", "LogicalMin -1; PhysicalMin -300", "15ff 36d4fe"},
		{"exponent is a nibble", "Exponent -2; Exponent 5", "550e 5505"},
		{"unit", "Unit Volt", "6721d1f000"},
		{"other page", "UsagePage PowerDevice; Usage Charging; Input Data", "0584 0b44008500 8100"},
		{"vendor usage", "Usage ff010043; Feature Data", "0b430001ff b100"},
		{"both", "UsagePage PowerDevice; Usage Voltage; Both Variable Volatile", "0584 0930 8182 0930 b182"},
		{"comment", "# nothing\n  Push # globals\nPop\n", "a4 b4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := hex.DecodeString(strings.ReplaceAll(c.want, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Assemble(c.text)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("% x, want % x (%v)", got, want, err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"\nUsgae UPS":           `line 2: unknown item "Usgae", did you mean "Usage"`,
		"Usage Upps":            `line 1: Usage: unknown usage "Upps"`,
		"Unit Vult":             `line 1: Unit: "Vult" is neither a number nor a word for it, did you mean "Volt"`,
		"Collection Physical":   "line 1: 1 collections have no End",
		"End":                   "line 1: an End has no Collection",
		"ReportSize":            "line 1: ReportSize: takes one value, not 0",
		"LogicalMax 0xffffffff": "line 1: LogicalMax: 4294967295 needs more than 32 bits",
		"Feature Constnt":       `line 1: Feature: unknown word "Constnt", did you mean "Constant"`,
	} {
		if _, err := Assemble(text); err == nil || err.Error() != want {
			t.Errorf("Assemble(%q): %v, want %s", text, err, want)
		}
	}
}

func FuzzAssemble(f *testing.F) {
	f.Add("UsagePage PowerDevice; Usage UPS; Collection Application; Usage Voltage; Both Variable; End")
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := Assemble(text); err == nil {
			hid.Parse(b)
		}
	})
}
