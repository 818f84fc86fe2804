package endpoint

import "strings"

// QueryValue returns the first value of a parameter of a raw query, still
// percent-encoded, and whether the parameter is there.
//
// It reads a query as Synapse's HTTP server does: parameters are separated by
// "&" or ";", names are compared after decoding, and a name without "=" is no
// parameter at all.
func QueryValue(rawQuery, name string) (raw string, ok bool) {
	wanted := [...]parameter{newParameter(name)}
	value := readParameters(rawQuery, wanted[:])[0]
	return value.raw, value.present
}

// A parameter is one that is looked for in queries.
type parameter struct {
	name string
	head uint64 // how it begins where nothing is escaped, at most eight bytes
	mask uint64 // the bytes of head that count
}

func newParameter(name string) parameter {
	p := parameter{name: name}
	for i, b := range []byte(name + "=") {
		if i == 8 {
			break
		}
		p.head |= uint64(b) << (8 * i)
		p.mask |= 0xff << (8 * i)
	}
	return p
}

// maxParameters is how many parameters are read at once.
const maxParameters = 2

// parameterValues are the first values of some parameters, still encoded.
type parameterValues [maxParameters]struct {
	raw     string
	present bool
}

// readParameters goes through a query once, until it has all that is wanted.
func readParameters(query string, wanted []parameter) (values parameterValues) {
	for missing := len(wanted); query != "" && missing > 0; {
		if query[0] == '&' || query[0] == ';' { // of which somebody may send thousands
			query = query[1:]
			continue
		}
		head, telling := headOf(query)
		end := separator(query)
		pair := query[:end]
		query = query[min(end+1, len(query)):]
		for i := range wanted {
			p, value := &wanted[i], &values[i]
			if value.present || telling && (head^p.head)&p.mask != 0 {
				continue
			}
			if value.raw, value.present = valueOf(pair, p.name); value.present {
				missing--
			}
		}
	}
	return values
}

// headOf returns the first eight bytes of a query, which tell most parameters
// apart unless one of them may belong to an escape, or there are less.
func headOf(query string) (head uint64, telling bool) {
	if len(query) < 8 {
		return 0, false
	}
	head = eightOf(query)
	return head, zeroAmong(head^'%'*each)|zeroAmong(head^'+'*each) == 0
}

// separator returns where the first parameter of a query ends. It looks at eight
// bytes at once, since parameters are short.
func separator(query string) int {
	at := 0
	for ; len(query)-at >= 8; at += 8 {
		eight := eightOf(query[at:])
		if found := zeroAmong(eight^'&'*each) | zeroAmong(eight^';'*each); found != 0 {
			return at + firstOf(found)
		}
	}
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
