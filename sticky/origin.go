package sticky

import "strings"

// How much of a request is looked at for its origin, whatever was sent.
const (
	maxHeaders      = 8
	maxHeaderLength = 4 << 10
	maxParameters   = 32
)

// Origin returns the key of the server that a federation request claims to
// come from: the origin of its first Authorization header of the X-Matrix
// scheme, in lower case. It reports whether there is one.
func Origin(authorization []string) (Key, bool) {
	for _, header := range authorization[:min(len(authorization), maxHeaders)] {
		rest, ok := strings.CutPrefix(header, "X-Matrix")
		if !ok || rest == "" || !isBlank(rest[0]) {
			continue
		}
		key := serverKey(parameter(rest[:min(len(rest), maxHeaderLength)], "origin"))
		return key, key != None
	}
	return None, false
}

// parameter returns the value, quotes and all, of the first parameter of that
// name. Like Synapse it takes every comma for the end of a parameter: no
// server name or signature holds one.
func parameter(params, want string) string {
	for range maxParameters {
		param, rest, more := strings.Cut(params, ",")
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.Trim(name, blanks), want) {
			return strings.Trim(value, blanks)
		}
		if !more {
			break
		}
		params = rest
	}
	return ""
}

// serverKey returns the key of a server's name, which may be quoted.
func serverKey(value string) Key {
	quoted := strings.HasPrefix(value, `"`)
	if quoted {
		value = value[1:]
	}
	var d digest
	d.reset(kindOrigin)
	empty := true
	for i := 0; i < len(value); i++ {
		b := value[i]
		if quoted && b == '"' {
			break
		}
		if quoted && b == '\\' && i+1 < len(value) {
			i++
			b = value[i]
		}
		d.writeByte(lower(b))
		empty = false
	}
	if empty {
		return None
	}
	return d.key()
}

const blanks = " \t"

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// lower folds ASCII letters and nothing else: names keep their length.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}
