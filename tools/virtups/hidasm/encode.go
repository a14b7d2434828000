package hidasm

// usage encodes a usage on the current page in short, another with its page.
func (a *assembler) usage(u int64) []byte {
	tag := items["Usage"]
	if u>>16 != a.page {
		return append([]byte{byte(tag) | 3}, byte(u), byte(u>>8), byte(u>>16), byte(u>>24))
	}
	if u&0xffff < 256 {
		return []byte{byte(tag) | 1, byte(u)}
	}
	return []byte{byte(tag) | 2, byte(u), byte(u >> 8)}
}

// encode writes an item in as few bytes as hold the value, with its sign where it has one.
func encode(tag item, v int64, sign bool) []byte {
	bits := 0
	if sign {
		bits = 1
	}
	fits := func(n int) bool { return v < 1<<(n-bits) && v >= -1<<(n-1) }
	switch {
	case fits(8):
		return []byte{byte(tag) | 1, byte(v)}
	case fits(16):
		return []byte{byte(tag) | 2, byte(v), byte(v >> 8)}
	}
	return []byte{byte(tag) | 3, byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
}
