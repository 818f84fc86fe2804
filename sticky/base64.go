package sticky

// The last two digits of an alphabet of base64.
const (
	standardDigits = "+/"
	urlDigits      = "-_"
)

// decodeBase64 decodes unpadded base64 into buf. Unlike the standard library it
// skips no line breaks, takes no other spelling of the same bytes, and
// allocates nothing for an error.
func decodeBase64(buf []byte, s, lastDigits string) (decoded []byte, ok bool) {
	if len(s)%4 == 1 || len(s)*6/8 > len(buf) {
		return nil, false
	}
	var acc, bits, n uint
	for i := range len(s) {
		v := sextet(s[i], lastDigits)
		if v < 0 {
			return nil, false
		}
		acc, bits = acc<<6|uint(v), bits+6
		if bits >= 8 {
			bits -= 8
			buf[n] = byte(acc >> bits)
			n++
			acc &= 1<<bits - 1
		}
	}
	return buf[:n], acc == 0
}

// sextet returns the value of a base64 digit, -1 for any other byte.
func sextet(b byte, lastDigits string) int {
	switch {
	case 'A' <= b && b <= 'Z':
		return int(b - 'A')
	case 'a' <= b && b <= 'z':
		return int(b-'a') + 26
	case '0' <= b && b <= '9':
		return int(b-'0') + 52
	case b == lastDigits[0]:
		return 62
	case b == lastDigits[1]:
		return 63
	}
	return -1
}
