package sticky

import (
	"regexp"
	"testing"
)

var userID = regexp.MustCompile(`(?s)^@([^:]{1,255}):`)

// FuzzUserID holds UserID against the grammar, in bytes, and sees to it that an
// id and its user's token have one key.
func FuzzUserID(f *testing.F) {
	f.Add("@alice:example.org")
	f.Add("@a:b:8448")
	f.Add("@:x")
	f.Fuzz(func(t *testing.T, id string) {
		key, ok := UserID(id)
		var want Key
		if parts := userID.FindStringSubmatch(latin1(id)); parts != nil {
			want = User(id[1 : 1+len([]rune(parts[1]))])
		}
		if ok != (want != None) || key != want {
			t.Errorf("UserID(%q) = %#x, %t, want %#x", id, uint64(key), ok, uint64(want))
		}
	})
}

// latin1 makes a character of each byte.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
