package sticky

// unescape returns the byte that stands at s[i], percent-decoded, and where the
// next one starts. An escape that is none stands for itself, as in Synapse.
func unescape(s string, i int) (byte, int) {
	if s[i] == '%' && i+2 < len(s) {
		hi, lo := unhex(s[i+1]), unhex(s[i+2])
		if hi >= 0 && lo >= 0 {
			return byte(hi<<4 | lo), i + 3
		}
	}
	return s[i], i + 1
}

// unhex returns the value of a hex digit of either case, -1 for any other byte.
func unhex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
