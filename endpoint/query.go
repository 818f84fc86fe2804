package endpoint

import "strings"

// QueryValue returns the first value of a parameter of a raw query, still
// percent-encoded, and whether the parameter is there.
//
// It reads a query as Synapse's HTTP server does: parameters are separated by
// "&" or ";", names are compared after decoding, and a name without "=" is no
// parameter at all.
func QueryValue(rawQuery, name string) (raw string, ok bool) {
	for rawQuery != "" && !ok {
		end := separator(rawQuery)
		raw, ok = valueOf(rawQuery[:end], name)
		rawQuery = rawQuery[min(end+1, len(rawQuery)):]
	}
	return raw, ok
}

// separator returns where the first parameter of a query ends.
func separator(query string) (at int) {
	for at < len(query) && query[at] != '&' && query[at] != ';' {
		at++
	}
	return at
}

// valueOf returns the value of a parameter if it has the given name.
func valueOf(pair, name string) (raw string, ok bool) {
	for n := range len(name) {
		switch {
		case n == len(pair) || pair[n] == '=':
			return "", false
		case pair[n] == '%' || pair[n] == '+':
			return valueOfEncoded(pair, name, n)
		case pair[n] != name[n]:
			return "", false
		}
	}
	if raw, ok = strings.CutPrefix(pair[len(name):], "="); !ok {
		return "", false
	}
	return raw, true
}

// valueOfEncoded is valueOf for a parameter whose name is percent-encoded from
// the n-th byte on.
func valueOfEncoded(pair, name string, n int) (raw string, ok bool) {
	equals := strings.IndexByte(pair, '=')
	if equals < 0 || !decodesTo(pair[n:equals], name[n:]) {
		return "", false
	}
	return pair[equals+1:], true
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
