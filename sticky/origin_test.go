package sticky

import (
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		want    string // the origin, "" for none
	}{
		{"as Synapse writes it", []string{`X-Matrix origin="a.org",destination="b.org",key="ed25519:1",sig="x/+="`}, "a.org"},
		{"bare", []string{`X-Matrix origin=a.org,key=ed25519:1,sig=x`}, "a.org"},
		{"last", []string{`X-Matrix sig="x",key="k",origin="a.org"`}, "a.org"},
		{"blanks", []string{"X-Matrix \t origin = \"a.org\" \t, key=\"k\""}, "a.org"},
		{"tab after the scheme", []string{"X-Matrix\torigin=a.org"}, "a.org"},
		{"capitals", []string{`X-Matrix Origin="A.Org"`}, "a.org"},
		{"escaped", []string{`X-Matrix origin="\a.o\rg"`}, "a.org"},
		{"escaped quote", []string{`X-Matrix origin="a\"b"`}, `a"b`},
		{"never closed", []string{`X-Matrix origin="a.org`}, "a.org"},
		{"ends in a backslash", []string{`X-Matrix origin="a\`}, `a\`},
		{"port", []string{`X-Matrix origin="a.org:8448"`}, "a.org:8448"},
		{"IPv6", []string{`X-Matrix origin="[2001:DB8::1]:8448"`}, "[2001:db8::1]:8448"},
		{"beyond ASCII stays", []string{`X-Matrix origin="É.org"`}, "É.org"},
		{"two headers", []string{`X-Matrix origin=a.org`, `X-Matrix origin=b.org`}, "a.org"},
		{"after another scheme", []string{`Bearer x`, `X-Matrix origin=a.org`}, "a.org"},
		{"twice in one", []string{`X-Matrix origin=a.org,origin=b.org`}, "a.org"},
		{"first has none", []string{`X-Matrix key=k`, `X-Matrix origin=b.org`}, ""},
		{"empty", []string{`X-Matrix origin=""`}, ""},
		{"bare and empty", []string{`X-Matrix origin=`}, ""},
		{"no parameters", []string{`X-Matrix`}, ""},
		{"blank parameters", []string{`X-Matrix   `}, ""},
		{"commas only", []string{`X-Matrix ,,,`}, ""},
		{"scheme in lower case", []string{`x-matrix origin=a.org`}, ""},
		{"longer scheme", []string{`X-Matrixorigin=a.org`}, ""},
		{"longer name", []string{`X-Matrix origins=a.org,xorigin=b.org`}, ""},
		{"ninth header", append(strings.Split("b,b,b,b,b,b,b,b", ","), "X-Matrix origin=a.org"), ""},
		{"eighth header", append(strings.Split("b,b,b,b,b,b,b", ","), "X-Matrix origin=a.org"), "a.org"},
		{"33rd parameter", []string{"X-Matrix " + strings.Repeat("x=y,", 32) + "origin=a.org"}, ""},
		{"32nd parameter", []string{"X-Matrix " + strings.Repeat("x=y,", 31) + "origin=a.org"}, "a.org"},
		{"beyond 4 KiB", []string{"X-Matrix x=" + strings.Repeat("y", 4096) + ",origin=a.org"}, ""},
		{"no headers", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Origin(tt.headers)
			if want := hash(kindOrigin, tt.want); got != want || ok != (tt.want != "") {
				t.Errorf("Origin(%q) = %#x, %t; want the key of %q", tt.headers, got, ok, tt.want)
			}
		})
	}
}
