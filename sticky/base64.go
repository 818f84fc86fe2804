package sticky

import "strings"

// An alphabet gives each of its digits a value, and any other byte more than
// there are.
type alphabet [256]uint8

const lettersFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// The two alphabets of base64, which differ in their last two digits.
var (
	standardDigits = newAlphabet(lettersFirst + "+/")
	urlDigits      = newAlphabet(lettersFirst + "-_")
)

func newAlphabet(digits string) *alphabet {
	var a alphabet
	for b := range a {
		a[b] = uint8(strings.IndexByte(digits, byte(b))) // -1 becomes 255
	}
	return &a
}

// decodeBase64 decodes unpadded base64 of URLs into buf. Unlike the standard
// library it skips no line breaks, takes no other spelling of the same bytes,
// and allocates nothing for an error.
func decodeBase64(buf []byte, s string) (decoded []byte, ok bool) {
	if len(s)%4 == 1 || len(s)*6/8 > len(buf) {
		return nil, false
	}
	var acc, bits, n uint
	for i := range len(s) {
		v := uint(urlDigits[s[i]])
		if v > 63 {
			return nil, false
		}
		acc, bits = acc<<6|v, bits+6
		if bits >= 8 {
			bits -= 8
			buf[n] = byte(acc >> bits)
			n++
			acc &= 1<<bits - 1
		}
	}
	return buf[:n], acc == 0
}
