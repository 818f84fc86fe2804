package sticky

import "strings"

// Token returns the access token of a request from where Synapse looks for it:
// an Authorization header that reads exactly "Bearer", one space and the token,
// else the query parameter access_token. It reports whether there is one.
//
// Only a token that is escaped in the query costs an allocation.
func Token(authorization []string, rawQuery string) (token string, ok bool) {
	for _, header := range authorization {
		token, ok = strings.CutPrefix(header, "Bearer ")
		if ok && token != "" && !strings.Contains(token, " ") {
			return token, true
		}
	}
	token = queryToken(rawQuery)
	return token, token != ""
}

// queryToken returns the decoded value of the first access_token of a query.
func queryToken(rawQuery string) string {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		name, value, _ := strings.Cut(pair, "=")
		if spells(name, "access_token") {
			return queryUnescape(value)
		}
	}
	return ""
}

// spells reports whether raw, percent-decoded, is the given word.
func spells(raw, word string) bool {
	if raw == word {
		return true
	}
	n := 0
	for i := 0; i < len(raw); n++ {
		var b byte
		b, i = unescape(raw, i)
		if n == len(word) || b != word[n] {
			return false
		}
	}
	return n == len(word)
}

// queryUnescape decodes a query value, in which a plus sign is a space.
func queryUnescape(raw string) string {
	if !strings.ContainsAny(raw, "%+") {
		return raw
	}
	decoded := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] == '+' {
			decoded = append(decoded, ' ')
			i++
			continue
		}
		var b byte
		b, i = unescape(raw, i)
		decoded = append(decoded, b)
	}
	return string(decoded)
}

// maxLocalpart is more than a localpart can have: a user id holds at most 255
// bytes, the server's name included.
const maxLocalpart = 255

// owner decodes into buf the localpart that Synapse wrote into a token of the
// shape syt_LOCALPART_RANDOM_CHECKSUM. Only the shape is looked at: a forged
// token reaches the worker of its supposed owner, and is refused there.
func owner(buf []byte, token string) (localpart []byte, ok bool) {
	rest, ok := strings.CutPrefix(token, "syt_")
	if !ok {
		return nil, false
	}
	encoded, rest, _ := strings.Cut(rest, "_")
	random, checksum, _ := strings.Cut(rest, "_")
	if encoded == "" || random == "" || checksum == "" || strings.Contains(checksum, "_") {
		return nil, false
	}
	return decodeBase64(buf, encoded)
}

// decodeBase64 decodes unpadded standard base64 into buf. Unlike the standard
// library it skips no line breaks, takes no other spelling of the same bytes,
// and allocates nothing for an error.
func decodeBase64(buf []byte, s string) (decoded []byte, ok bool) {
	if len(s)%4 == 1 || len(s)*6/8 > len(buf) {
		return nil, false
	}
	var acc, bits, n uint
	for i := range len(s) {
		v := sextet(s[i])
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
func sextet(b byte) int {
	switch {
	case 'A' <= b && b <= 'Z':
		return int(b - 'A')
	case 'a' <= b && b <= 'z':
		return int(b-'a') + 26
	case '0' <= b && b <= '9':
		return int(b-'0') + 52
	case b == '+':
		return 62
	case b == '/':
		return 63
	}
	return -1
}
