package sticky

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// FuzzOwner reads tokens with the standard library, slowly.
func FuzzOwner(f *testing.F) {
	f.Add(tokentest.Synapse("alice", "x"), "")
	f.Add(masToken, "user_id=@a:b")
	f.Add(guestToken, "")
	f.Add("as_token", "user_id=%40a%3ab")
	f.Fuzz(func(t *testing.T, token, query string) {
		key, claim := Owner(token, query)
		if (key == None) != (token == "") || (claim == Absent) != (token == "") {
			t.Fatalf("key %#x, claim %d", key, claim)
		}
		if claim != Named && token != "" && key != OfToken(token) {
			t.Fatalf("nobody is named, yet the key is not the token's")
		}
		localpart, named := slowOwner(token)
		if named && (claim != Named || key != User(localpart)) {
			t.Fatalf("Owner(%q) = %#x, %d; want that of %q", token, key, claim, localpart)
		}
		if !named && claim == Named && !strings.Contains(query, "=") {
			t.Fatalf("Owner(%q) names somebody", token)
		}
	})
}

// slowOwner returns the localpart that a token of Synapse names.
func slowOwner(token string) (localpart string, ok bool) {
	parts := strings.Split(token, "_")
	if len(parts) != 4 || parts[0] != "syt" || parts[2] == "" || strings.ContainsAny(parts[1], "\r\n") ||
		token != tokentest.Signed(strings.Join(parts[:3], "_")) {
		return guestOf(token)
	}
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(parts[1])
	return string(decoded), err == nil && len(decoded) > 0 && len(decoded) <= maxLocalpart
}

// guestOf returns the localpart that a macaroon names.
func guestOf(token string) (localpart string, ok bool) {
	token = strings.TrimRight(token, "=")
	data, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || !strings.HasPrefix(token, "MD") || strings.ContainsAny(token, "\r\n") || len(data) > maxMacaroon {
		return "", false
	}
	for rest := string(data); len(rest) > 4; {
		length, err := strconv.ParseUint(rest[:4], 16, 16)
		if err != nil || length <= 4 || int(length) > len(rest) || rest[length-1] != '\n' {
			return "", false
		}
		if id, found := strings.CutPrefix(rest[4:length-1], "cid user_id = @"); found {
			localpart, _, ok = strings.Cut(id, ":")
			return localpart, ok && localpart != "" && len(localpart) <= maxLocalpart
		}
		rest = rest[length:]
	}
	return "", false
}

func FuzzToken(f *testing.F) {
	f.Add("Bearer syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31", "")
	f.Add("", "since=s&access_token=a%2Bb")
	f.Fuzz(func(t *testing.T, header, query string) {
		token, ok := Token([]string{header}, query)
		if ok != (token != "") {
			t.Fatalf("token %q, %t", token, ok)
		}
		if header != "" || strings.ContainsAny(query, ";#") {
			return
		}
		values, err := url.ParseQuery(query)
		if err == nil && token != values.Get("access_token") {
			t.Fatalf("Token of %q = %q, want %q", query, token, values.Get("access_token"))
		}
	})
}

var anyEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// FuzzRoom unescapes like Synapse, which leaves alone what is no escape.
func FuzzRoom(f *testing.F) {
	f.Add("!a:b")
	f.Add("%21a%3ab")
	f.Fuzz(func(t *testing.T, segment string) {
		key := Room(segment)
		if (key == None) != (segment == "") {
			t.Fatalf("key %#x", key)
		}
		id := anyEscape.ReplaceAllStringFunc(segment, func(escape string) string {
			b, _ := strconv.ParseUint(escape[1:], 16, 8)
			return string([]byte{byte(b)})
		})
		if key != hash(kindRoom, id) {
			t.Fatalf("Room(%q) is not the key of %q", segment, id)
		}
		var escaped strings.Builder
		for i := range len(segment) {
			escaped.WriteString("%" + string("0123456789abcdef"[segment[i]>>4]) + string("0123456789ABCDEF"[segment[i]&15]))
		}
		if Room(escaped.String()) != hash(kindRoom, segment) {
			t.Fatalf("escaping all of %q makes another room of it", segment)
		}
	})
}
