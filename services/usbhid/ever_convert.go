package usbhid

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// everAll is no usage of EVER's: it names the bits of a collection of states together.
const everAll hid.Usage = 0xff00ffff

// Places of the descriptor that repairEver changes.
var (
	everStates = []hid.Usage{0xff000016, 0xff000030, 0xff000090}
	everQuads  = []hid.Usage{0xff000074, 0xff000078, 0xff000079, 0xff00007a, 0xff00007b, 0xff000088, 0xff000089, 0xff00008a}
)

// repairEver adds a field for each collection of states as a whole, and makes one field of a number or an address that is declared as four
// bytes.
func repairEver(_ usb.ID, d *hid.Descriptor) {
	for i := range d.Fields {
		if f := &d.Fields[i]; f.Index == 0 && f.Size == 8 && slices.Contains(everQuads, f.Usage()) && bytesOf(d, f) == 4 {
			f.Size, f.LogicalMin, f.LogicalMax, f.Flags = 32, 0, math.MaxUint32, f.Flags&^hid.NullState
		}
	}
	for _, u := range everStates {
		for _, kind := range []hid.Kind{hid.Feature, hid.Input} {
			if f, ok := wholeOf(d, u, kind); ok {
				d.Fields = append(d.Fields, f)
			}
		}
	}
}

// bytesOf counts the fields of the item that f is the first of.
func bytesOf(d *hid.Descriptor, f *hid.Field) int {
	n := 0
	for i := range d.Fields {
		if g := &d.Fields[i]; g.Kind == f.Kind && g.ReportID == f.ReportID && g.Path.Equal(f.Path) && g.Offset == f.Offset+8*g.Index {
			n++
		}
	}
	return n
}

// wholeOf makes one field of the bits right below the collection with the usage, in the report of the first of them. The bits' usages follow the
// collection's, in their order; the lowest may be left undeclared.
func wholeOf(d *hid.Descriptor, collection hid.Usage, kind hid.Kind) (whole hid.Field, ok bool) {
	for _, f := range d.Fields {
		n := len(f.Path)
		switch {
		case f.Kind != kind || n < 2 || f.Path[n-2] != collection || f.Usage() == everAll:
		case !ok:
			whole, ok = f, true
			whole.Path = append(slices.Clone(f.Path[:n-1]), everAll)
			if before := int(int32(f.Usage() - collection - 1)); f.Size == 1 && before > 0 && before <= min(f.Offset, 16) {
				whole.Offset, whole.Size = f.Offset-before, before+1
			}
		case f.ReportID == whole.ReportID && f.Offset >= whole.Offset && f.Offset+f.Size-whole.Offset <= 32:
			whole.Size = max(whole.Size, f.Offset+f.Size-whole.Offset)
		}
	}
	whole.LogicalMin, whole.LogicalMax, whole.Flags = 0, 1<<whole.Size-1, whole.Flags|hid.Constant
	return whole, ok
}

// everModes are the bits of the working mode, one of which is set.
var everModes = shown(func(v float64, _ *inputs) (string, bool) {
	if s, ok := map[int64]string{2: "STOP", 4: "ONLINE", 8: "ONBATTERY", 16: "WATCH", 32: "WAITING", 64: "EMERGENCY"}[int64(v)]; ok {
		return s, true
	}
	return "UNKNOWN", true
})

// everOff holds in every mode but those that feed the load. No bit at all says nothing.
func everOff(raw int64) (on, known bool) { return raw != 4 && raw != 8, raw > 1 }

// everVersion writes 0x1203 as v1.2b03.
var everVersion = shown(func(v float64, _ *inputs) (string, bool) {
	n := int64(v)
	return fmt.Sprintf("v%X.%Xb%02d", n>>12&0x0f, n>>8&0x0f, n&0xff), n >= 0 && n <= math.MaxUint16
})

// everRevision writes 0x0203 as rev.Bv03: letters count from 1.
var everRevision = shown(func(v float64, _ *inputs) (string, bool) {
	const letters = "0ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := int64(v)
	if n < 0 || n>>8 >= int64(len(letters)) {
		return "", false
	}
	return fmt.Sprintf("rev.%cv%02d", letters[n>>8], n&0xff), true
})

// everAddress writes an IPv4 address, whose first byte comes first in the report.
var everAddress = shown(func(v float64, _ *inputs) (string, bool) {
	if v < 0 || v > math.MaxUint32 {
		return "", false
	}
	n := uint32(v)
	return fmt.Sprintf("%d.%d.%d.%d", n&0xff, n>>8&0xff, n>>16&0xff, n>>24), true
})

// bitWords writes a word for each bit that is set, from the lowest on; a word that two bits have is written once.
func bitWords(table ...string) convert {
	return shown(func(v float64, _ *inputs) (string, bool) {
		var said []string
		for i, word := range table {
			if int64(v)>>i&1 != 0 && word != "" && !slices.Contains(said, word) {
				said = append(said, word)
			}
		}
		return strings.Join(said, " "), true
	})
}
