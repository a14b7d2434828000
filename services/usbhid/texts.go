package usbhid

import "strings"

// texts are the string descriptors of a device. Those that a conversion asks for and that are not there yet are noted
// as wanted.
type texts struct {
	known  map[uint8]string
	wanted map[uint8]bool
}

func newTexts() *texts {
	return &texts{known: make(map[uint8]string), wanted: make(map[uint8]bool)}
}

// get returns a string. Index 0 is how a device says that it has none.
func (t *texts) get(index uint8) (string, bool) {
	if index == 0 {
		return "", true
	}
	s, ok := t.known[index]
	if !ok {
		t.wanted[index] = true
	}
	return s, ok
}

func (t *texts) set(index uint8, s string) {
	t.known[index] = s
	delete(t.wanted, index)
}

// clean keeps what NUT's protocols can carry: printable ASCII without quotes and backslashes, trimmed.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s))
}
