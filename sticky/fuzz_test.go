package sticky

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// Whatever the standard library takes for base64 without slack, we take too,
// and nothing else.
func FuzzUser(f *testing.F) {
	f.Add("syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31")
	f.Fuzz(func(t *testing.T, token string) {
		key := User(token)
		if (key == None) != (token == "") {
			t.Fatalf("key %#x", key)
		}
		if want := slowUser(token); key != want {
			t.Fatalf("User(%q) = %#x, want %#x", token, key, want)
		}
	})
}

func slowUser(token string) Key {
	parts := strings.Split(token, "_")
	if len(parts) != 4 || parts[0] != "syt" || parts[1] == "" || parts[2] == "" || parts[3] == "" {
		return hash(kindToken, token)
	}
	localpart, err := base64.RawStdEncoding.Strict().DecodeString(parts[1])
	if err != nil || strings.ContainsAny(parts[1], "\r\n") || len(localpart) > maxLocalpart {
		return hash(kindToken, token)
	}
	return hash(kindUser, string(localpart))
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

func FuzzOrigin(f *testing.F) {
	f.Add(`X-Matrix origin="a.org",destination="b.org",key="ed25519:1",sig="x"`)
	f.Fuzz(func(t *testing.T, header string) {
		key, ok := Origin([]string{header})
		if ok != (key != None) {
			t.Fatalf("key %#x, %t", key, ok)
		}
		if ok && !strings.HasPrefix(header, "X-Matrix") {
			t.Fatalf("an origin out of %q", header)
		}
		if again, _ := Origin([]string{"Bearer x", header, "X-Matrix origin=z"}); ok && again != key {
			t.Fatalf("other headers change the origin of %q", header)
		}
	})
}

func FuzzRoom(f *testing.F) {
	f.Add("!a:b")
	f.Add("%21a%3ab")
	f.Fuzz(func(t *testing.T, segment string) {
		key := Room(segment)
		if (key == None) != (segment == "") {
			t.Fatalf("key %#x", key)
		}
		if id, err := url.PathUnescape(segment); err == nil && key != hash(kindRoom, id) {
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
