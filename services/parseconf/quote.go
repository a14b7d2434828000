package parseconf

// Append appends s to dst so that Split, inside quotes, reads s back: quotes, backslashes and # are escaped. Bytes
// that are no printable ASCII are left out, since no reader of these protocols takes them.
func Append(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if !isPrintable(c) {
			continue
		}
		if c == '"' || c == '\\' || c == '#' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendQuoted appends s to dst as one quoted word.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = Append(dst, s)
	return append(dst, '"')
}
