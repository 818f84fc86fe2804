package sticky

import "strings"

// unescape returns the byte that stands at s[i], percent-decoded, and where the
// next one starts. An escape that is none stands for itself, as in Synapse.
func unescape(s string, i int) (byte, int) {
	if s[i] == '%' && i+2 < len(s) {
		if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi|lo >= 0 {
			return byte(hi<<4 | lo), i + 3
		}
	}
	return s[i], i + 1
}

// unescapeBlock percent-decodes s for as long as there is room in a block. It
// returns how much of each was used.
func unescapeBlock(block []byte, s string) (n, used int) {
	for n < len(block) && used < len(s) {
		if s[used] == '%' {
			block[n], used = unescape(s, used)
			n++
			continue
		}
		run := s[used:min(len(s), used+len(block)-n)]
		if end := strings.IndexByte(run, '%'); end >= 0 {
			run = run[:end]
		}
		n, used = n+copy(block[n:], run), used+len(run)
	}
	return n, used
}

// unhex returns the value of a hex digit of either case, -1 for any other byte.
func unhex(b byte) int { return int(hexValues[b]) }

// hexValues is unhex as a table: no processor foresees the digits of an id.
var hexValues = func() (values [256]int8) {
	for b := range values {
		values[b] = int8(strings.IndexByte("0123456789abcdef", lower(byte(b))))
	}
	return values
}()
