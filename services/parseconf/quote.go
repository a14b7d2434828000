package parseconf

// Append appends s to dst so that Split, inside quotes, reads it back: quotes, backslashes and # are escaped. Bytes
// that are no printable ASCII are left out, since NUT's readers drop them and others choke on them.
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

// AppendBare appends a word that needs no quotes, without the bytes that Append leaves out.
func AppendBare[T string | []byte](dst []byte, word T) []byte {
	for i := range len(word) {
		if isPrintable(word[i]) {
			dst = append(dst, word[i])
		}
	}
	return dst
}
