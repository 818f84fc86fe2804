package endpoint

import (
	"strings"
	"testing"
)

func TestQueryValue(t *testing.T) {
	for _, test := range []struct {
		query, name, want string
		ok                bool
	}{
		{"since=s1", "since", "s1", true},
		{"a=1&since=s1&since=s2", "since", "s1", true},
		{"a=1;since=s1", "since", "s1", true},
		{"a=1&b=2;since=s1&c=3", "since", "s1", true},
		{"%73inc%65=s%201", "since", "s%201", true},
		{"since=", "since", "", true},
		{"since=a=b", "since", "a=b", true},
		{"access+token=x", "access token", "x", true},
		{"access%20token=x", "access token", "x", true},
		{"%zz=x", "%zz", "x", true},
		{"a%=x", "a%", "x", true},
		{"=x", "", "x", true},
		{"%3D=x", "=", "x", true},
		{"==x", "=", "", false},
		{"since", "since", "", false},
		{"Since=s1", "since", "", false},
		{"sinc=s1", "since", "", false},
		{"sincere=s1", "since", "", false},
		{"filter=since=s1", "since", "", false},
		{"full_state=true", "full_state", "true", true},
		{"full_sta=1&full_states=2&full_state=3", "full_state", "3", true},
		{"full_st%61te=true", "full_state", "true", true},
		{"f%75ll_state=true", "full_state", "true", true},
		{"a=%25&full_state=true", "full_state", "true", true},
		{"full+state=true", "full_state", "", false},
		{"filter=x%26since%3Ds1", "since", "", false},
		{"&&;;", "since", "", false},
		{"", "since", "", false},
	} {
		got, ok := QueryValue(test.query, test.name)
		if got != test.want || ok != test.ok {
			t.Errorf("QueryValue(%q, %q) = %q, %t", test.query, test.name, got, ok)
		}
	}
}

// Wherever a byte stands, it ends a parameter or does not.
func TestParametersEndAtEveryPlace(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for b := range 256 {
				query := []byte(strings.Repeat("'", length)) // one less than &
				query[at] = byte(b)
				want := length
				if b == '&' || b == ';' {
					want = at
				}
				if got := separator(string(query)); got != want {
					t.Fatalf("%q ends at %d, expected %d", query, got, want)
				}
				query[length-1] = '&'
				if got := separator(string(query)); got != min(want, length-1) {
					t.Fatalf("%q ends at %d, expected %d", query, got, min(want, length-1))
				}
			}
		}
	}
}

func TestQueryValueDoesNotAllocate(t *testing.T) {
	if allocs := testing.AllocsPerRun(100, func() { QueryValue("a=1&%73ince=s1;b=2", "since") }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestSplitTarget(t *testing.T) {
	for _, test := range []struct {
		target, path, query string
		ok                  bool
	}{
		{"/", "/", "", true},
		{"/a/%2F|\"{}?b=c?d", "/a/%2F|\"{}", "b=c?d", true},
		{"/a?", "/a", "", true},
		{"//a//b", "//a//b", "", true},
		{"/\xff", "/\xff", "", true},
		{"http://hs", "/", "", true},
		{"HTTPS://hs:8448/a?b", "/a", "b", true},
		{"http://hs?b", "/", "b", true},
		{"http://hs/x://y", "/x://y", "", true},
		{"/x://y", "/x://y", "", true},
		{"*", "", "", false},
		{"", "", "", false},
		{"?a", "", "", false},
		{"hs:443", "", "", false},
		{"http:///a", "", "", false},
		{"ftp://hs/a", "", "", false},
		{"/a b", "", "", false},
		{"/a\x00", "", "", false},
		{"/a?b\n", "", "", false},
		{"/a\x7f", "", "", false},
	} {
		path, query, ok := SplitTarget(test.target)
		if path != test.path || query != test.query || ok != test.ok {
			t.Errorf("SplitTarget(%q) = %q, %q, %t", test.target, path, query, ok)
		}
	}
}

// Wherever a byte stands, it is a control byte or a space, or the target is
// whole.
func TestSplitTargetLooksAtEveryByte(t *testing.T) {
	for length := 2; length <= 20; length++ {
		for at := 1; at < length; at++ {
			for b := range 256 {
				target := []byte("/" + strings.Repeat("\x80", length-1))
				target[at] = byte(b)
				_, _, ok := SplitTarget(string(target))
				if want := b > ' ' && b != 0x7f; ok != want {
					t.Fatalf("byte %#x at %d of %d: %t", b, at, length, ok)
				}
			}
		}
	}
}
