package sticky

import (
	"strings"
	"testing"
)

func TestUser(t *testing.T) {
	alice := User("syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31")
	same := []string{
		"syt_YWxpY2U_ZYXWVUTSRQzyxwvutsrq_000000", // another device; the checksum is not looked at
		"syt_YWxpY2U_x_y",
	}
	for _, token := range same {
		if User(token) != alice {
			t.Errorf("%s: not the key of its owner alice", token)
		}
	}
	other := map[string]string{
		"another user":         "syt_Ym9i_abcdefghijABCDEFGHIJ_1Ygu31",
		"the name alone":       "alice",
		"a MAS token":          "mat_0123456789abcdefghijABCDEFGHIJ_0pmO7B",
		"a refresh token":      "syr_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31",
		"no localpart":         "syt__abcdefghijABCDEFGHIJ_1Ygu31",
		"no random part":       "syt_YWxpY2U__1Ygu31",
		"no checksum":          "syt_YWxpY2U_abcdefghijABCDEFGHIJ_",
		"three parts":          "syt_YWxpY2U_abcdefghijABCDEFGHIJ",
		"five parts":           "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31_x",
		"padded":               "syt_YWxpY2U=_abcdefghijABCDEFGHIJ_1Ygu31",
		"base64 of the URL":    "syt_YWxpY2U-_abcdefghijABCDEFGHIJ_1Ygu31",
		"impossible length":    "syt_YWxpY_abcdefghijABCDEFGHIJ_1Ygu31",
		"impossible and zero":  "syt_YWxpA_abcdefghijABCDEFGHIJ_1Ygu31",
		"loose bits":           "syt_YWxpY2V_abcdefghijABCDEFGHIJ_1Ygu31",
		"a line break":         "syt_YWxp\nY2U_abcdefghijABCDEFGHIJ_1Ygu31",
		"longer than a user":   "syt_" + strings.Repeat("YWxp", 86) + "_abcdefghijABCDEFGHIJ_1Ygu31",
		"an empty scheme":      "_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31",
		"the scheme alone":     "syt_",
		"capitals in a scheme": "SYT_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31",
	}
	seen := map[Key]string{alice: "alice"}
	for name, token := range other {
		key := User(token)
		if key == None {
			t.Errorf("%s: no key", name)
		}
		if before, ok := seen[key]; ok {
			t.Errorf("%s: the key of %s", name, before)
		}
		seen[key] = name
	}
	if User("") != None {
		t.Error("no token has a key")
	}
}

func TestLongestLocalpart(t *testing.T) {
	encoded := strings.Repeat("YWxp", 85) // 255 bytes
	if User("syt_"+encoded+"_a_b") != User("syt_"+encoded+"_c_d") {
		t.Error("a localpart of 255 bytes is not decoded")
	}
}

func TestRoom(t *testing.T) {
	tests := []struct {
		name  string
		equal []string
	}{
		{"id", []string{"!a:b", "%21a%3Ab", "%21a%3ab", "!a%3Ab", "!%61:b", "%21%61%3A%62"}},
		{"id of room version 12", []string{
			"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "%2131hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
		}},
		{"alias", []string{"#a:b", "%23a:b", "%23a%3Ab"}},
		{"alias beyond ASCII", []string{"#käse:b", "%23k%C3%A4se:b", "%23k%c3%a4se%3ab"}},
		{"alias with a slash", []string{"%23a%2Fb:c", "%23a%2fb:c"}},
		{"decoded once", []string{"!a%253Ab", "!a%25%33Ab"}},
		{"capitals", []string{"!A:b"}},
		{"plus is no space", []string{"!a+b", "!a%2Bb"}},
		{"space", []string{"!a%20b", "!a b"}},
		{"malformed", []string{"!a%zz:b", "!a%zz%3Ab"}},
		{"cut short", []string{"!a%", "!a%25"}},
		{"cut shorter", []string{"!a%3", "!a%253"}},
		{"zero byte", []string{"%00"}},
		{"long", []string{"!" + strings.Repeat("a", 300), "%21" + strings.Repeat("%61", 300)}},
		{"of 64 bytes", []string{strings.Repeat("b", 64), strings.Repeat("%62", 64)}},
	}
	seen := map[Key]string{}
	for _, tt := range tests {
		key := Room(tt.equal[0])
		if key == None {
			t.Errorf("%s: no key", tt.name)
		}
		if before, ok := seen[key]; ok {
			t.Errorf("%s: the key of %s", tt.name, before)
		}
		seen[key] = tt.name
		for _, segment := range tt.equal[1:] {
			if Room(segment) != key {
				t.Errorf("%s: %s and %s have two keys", tt.name, tt.equal[0], segment)
			}
		}
	}
	if Room("") != None {
		t.Error("no room has a key")
	}
}

func TestKindsAreApart(t *testing.T) {
	const name = "same"
	origin, _ := Origin([]string{"X-Matrix origin=" + name})
	keys := map[Key]string{}
	for kind, key := range map[string]Key{
		"user":    User("syt_c2FtZQ_abcdefghijABCDEFGHIJ_000000"),
		"token":   User(name),
		"room":    Room(name),
		"origin":  origin,
		"address": Address(name),
		"uri":     URI(name),
	} {
		if before, ok := keys[key]; ok {
			t.Errorf("a %s and a %s of one name have one key", kind, before)
		}
		keys[key] = kind
	}
	if Address("") != None || URI("") != None {
		t.Error("nothing has a key")
	}
}

func TestNamedKeysAreNotNone(t *testing.T) {
	if named(0) == None {
		t.Error("a thing whose hash is 0 has no key")
	}
}

func TestDigest(t *testing.T) {
	key := User("syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31")
	digest := key.Digest()
	if digest != "1f64da1aa4c553f3" {
		t.Errorf("digest of alice is %s", digest)
	}
	if Room("!a:b").Digest() == digest {
		t.Error("two keys have one digest")
	}
	if None.Digest() != "" {
		t.Error("no key has a digest")
	}
}
