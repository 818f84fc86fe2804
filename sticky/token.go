package sticky

import "strings"

// Token returns the access token of a request from where Synapse looks for it:
// an Authorization header that begins with "Bearer" and one space, else the query
// parameter access_token. It reports whether there is one. Synapse takes none in
// which there is another space; to [Owner] such a token is Forged.
//
// Only a token that is escaped in the query costs an allocation.
func Token(authorization []string, rawQuery string) (token string, ok bool) {
	for _, header := range authorization {
		token, ok = strings.CutPrefix(header, "Bearer ")
		if ok && token != "" {
			return token, true
		}
	}
	token = parameterOf(rawQuery, "access_token")
	return token, token != ""
}

// parameterOf returns the decoded value of the first parameter of that name in
// a query, "" if there is none.
func parameterOf(rawQuery, name string) string {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		if value, ok := valueOf(pair, name); ok {
			return queryUnescape(value)
		}
	}
	return ""
}

// valueOf returns the value of a parameter, if it has the given name, which may
// be percent-encoded there. Most others differ in the first byte.
func valueOf(pair, name string) (value string, ok bool) {
	i := 0
	for n := range len(name) {
		if i == len(pair) {
			return "", false
		}
		var b byte
		if b, i = unescape(pair, i); b != name[n] {
			return "", false
		}
	}
	value, ok = strings.CutPrefix(pair[i:], "=")
	return value, ok || i == len(pair)
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
