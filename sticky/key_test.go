package sticky

import (
	"strings"
	"testing"
)

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
		"user":    User(name),
		"token":   OfToken(name),
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
	if Address("") != None || URI("") != None || User("") != None {
		t.Error("nothing has a key")
	}
}

func TestNamedKeysAreNotNone(t *testing.T) {
	if kindUser.key(uint64(kindUser)*0x9e3779b97f4a7c15) == None {
		t.Error("a thing whose hash is 0 has no key")
	}
}

func TestDigest(t *testing.T) {
	key := User("alice")
	digest := key.Digest()
	if digest != "03d71f6460007680" {
		t.Errorf("digest of alice is %s", digest)
	}
	if Room("!a:b").Digest() == digest {
		t.Error("two keys have one digest")
	}
	if None.Digest() != "" {
		t.Error("no key has a digest")
	}
}
