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
	token = parameterOf(rawQuery, "access_token")
	return token, token != ""
}

// parameterOf returns the decoded value of the first parameter of that name in
// a query, "" if there is none.
func parameterOf(rawQuery, want string) string {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		name, value, _ := strings.Cut(pair, "=")
		if spells(name, want) {
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
