package endpoint

import "strings"

// QueryValue returns the first value of a parameter of a raw query, still
// percent-encoded, and whether the parameter is there.
//
// It reads a query as Synapse's HTTP server does: parameters are separated by
// "&" or ";", names are compared after decoding, and a name without "=" is no
// parameter at all.
func QueryValue(rawQuery, name string) (raw string, ok bool) {
	for rawQuery != "" {
		var pair string
		pair, rawQuery = cutPair(rawQuery)
		if !mayBegin(pair, name) {
			continue
		}
		encoded, value, isParameter := strings.Cut(pair, "=")
		if isParameter && decodesTo(encoded, name) {
			return value, true
		}
	}
	return "", false
}

// cutPair splits the first parameter off a query that is not empty.
func cutPair(query string) (pair, rest string) {
	end := strings.IndexByte(query, '&')
	if end < 0 {
		end = len(query)
	}
	if semicolon := strings.IndexByte(query[:end], ';'); semicolon >= 0 {
		end = semicolon
	}
	return query[:end], query[min(end+1, len(query)):]
}

// mayBegin is a quick look at the first byte, which tells most names apart.
func mayBegin(pair, name string) bool {
	if pair == "" || name == "" {
		return pair != ""
	}
	return pair[0] == name[0] || pair[0] == '%' || pair[0] == '+'
}

// decodesTo tells whether a percent-encoded piece of a query means want. A
// malformed escape stands for itself.
func decodesTo(encoded, want string) bool {
	n := 0
	for i := 0; i < len(encoded); i++ {
		b := encoded[i]
		switch {
		case b == '+':
			b = ' '
		case b == '%' && i+2 < len(encoded) && isHex(encoded[i+1]) && isHex(encoded[i+2]):
			b = unhex(encoded[i+1])<<4 | unhex(encoded[i+2])
			i += 2
		}
		if n == len(want) || want[n] != b {
			return false
		}
		n++
	}
	return n == len(want)
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}

func unhex(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b | 0x20 - 'a' + 10
}
