package explain

import (
	"slices"
	"testing"
)

// TestChoose shows which site a host belongs to. What none serves is answered by
// the first.
func TestChoose(t *testing.T) {
	sites := []Hosts{{"a.example.com"}, {"*.example.org"}, {"::1", "B.example.com", "192.0.2.1"}, {"*.*.example.net"}}
	for host, want := range map[string]int{
		"":                   0,
		"a.example.com":      0,
		"other.example.com":  0,
		"x.example.org":      1,
		"X.Example.ORG:8448": 1,
		"example.org":        0,
		"x.y.example.org":    0,
		"b.example.com":      2,
		"b.EXAMPLE.com:8448": 2,
		"::1":                2,
		"[::1]":              2,
		"[::1]:8448":         2,
		"192.0.2.1:8448":     2,
		"x.y.example.net":    3,
	} {
		for _, name := range []string{"Host", "host"} {
			if got := Choose(sites, Inquiry{URI: "/", Headers: map[string]string{name: host}}); !slices.Equal(got, sites[want]) {
				t.Errorf("%s: %s is at %q, want %q", name, host, got, sites[want])
			}
		}
	}
	if got := Choose(sites, Inquiry{}); !slices.Equal(got, sites[0]) {
		t.Errorf("without a host: %q", got)
	}
}
