package edge

// Verbatim reports whether net/url would send a path with the very bytes it
// came with. It re-encodes a path that holds a byte which RFC 3986 does not
// allow there, and then decodes escapes of other bytes on the way.
func Verbatim(path string) bool {
	for i := range len(path) {
		if !pathByte[path[i]] {
			return false
		}
	}
	return true
}

// pathByte tells the bytes that RFC 3986 allows in a path, with the square
// brackets that net/url leaves alone.
var pathByte = func() (allowed [256]bool) {
	for c := range 256 {
		allowed[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range "-._~!$&'()*+,;=:@/%[]" {
		allowed[c] = true
	}
	return allowed
}()
