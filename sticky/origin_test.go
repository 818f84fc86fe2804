package sticky

import (
	"slices"
	"strings"
	"testing"
)

// What Synapse 1.163.2 makes of each of these headers was asked of Synapse.
func TestOrigin(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		want    string // the origin, "" for none
	}{
		{"as Synapse writes it", []string{`X-Matrix origin="a.org",key="ed25519:1",sig="x/+=",destination="b.org"`}, "a.org"},
		{"bare", []string{`X-Matrix origin=a.org,key=ed25519:1,sig=x`}, "a.org"},
		{"last", []string{`X-Matrix sig="x",key="k",origin="a.org"`}, "a.org"},
		{"capitals", []string{`X-Matrix ORIGIN="A.Org"`}, "a.org"},
		{"port", []string{`X-Matrix origin="a.org:8448"`}, "a.org:8448"},
		{"IPv4", []string{`X-Matrix origin=192.0.2.1:8448`}, "192.0.2.1:8448"},
		{"IPv6", []string{`X-Matrix origin="[2001:DB8::1]:8448"`}, "[2001:db8::1]:8448"},
		{"IPv6, bare", []string{`X-Matrix origin=[2001:db8::1]`}, "[2001:db8::1]"},
		{"beyond ASCII stays", []string{`X-Matrix origin="É.org"`}, "É.org"},

		{"spaces after the scheme", []string{`X-Matrix    origin=a.org`}, "a.org"},
		{"blanks around a comma", []string{"X-Matrix key=\"k\"\t , \torigin=\"a.org\" \t,sig=s"}, "a.org"},
		{"blanks around an equals sign", []string{`X-Matrix origin = "a.org"`}, ""},
		{"a blank in front of a value", []string{`X-Matrix origin= a.org`}, " a.org"},
		{"tab after the scheme", []string{"X-Matrix\torigin=a.org"}, ""},
		{"tab after the space", []string{"X-Matrix \torigin=a.org"}, ""},

		{"escaped", []string{`X-Matrix origin="\a.o\rg"`}, "a.org"},
		{"escaped quote", []string{`X-Matrix origin="a\"b"`}, `a"b`},
		{"escaped backslash", []string{`X-Matrix origin="a\\b"`}, `a\b`},
		{"backslash at the end", []string{`X-Matrix origin="a\"`}, `a\`},
		{"bare backslash", []string{`X-Matrix origin=\a.org`}, `\a.org`},
		{"quote within", []string{`X-Matrix origin=a"b`}, `a"b`},
		{"never closed", []string{`X-Matrix origin="a.org`}, "a.or"},
		{"a quote alone", []string{`X-Matrix origin="`}, ""},
		{"comma in quotes", []string{`X-Matrix origin="a,x=b"`}, ""},
		{"equals sign within", []string{`X-Matrix origin=a=b`}, "a=b"},

		{"two headers", []string{`X-Matrix origin=a.org`, `X-Matrix origin=b.org`}, "a.org"},
		{"after another scheme", []string{`Bearer x`, `X-Matrix origin=a.org`}, "a.org"},
		{"twice in one", []string{`X-Matrix origin=a.org,origin=b.org`}, "b.org"},
		{"first has none", []string{`X-Matrix key=k`, `X-Matrix origin=b.org`}, ""},
		{"first is malformed", []string{`X-Matrix`, `X-Matrix origin=b.org`}, ""},

		{"empty", []string{`X-Matrix origin=""`}, ""},
		{"bare and empty", []string{`X-Matrix origin=`}, ""},
		{"no value", []string{`X-Matrix origin=a.org,destination`}, ""},
		{"comma at the end", []string{`X-Matrix origin=a.org,`}, ""},
		{"commas only", []string{`X-Matrix ,,,`}, ""},
		{"no parameters", []string{`X-Matrix `}, ""},
		{"scheme in lower case", []string{`x-matrix origin=a.org`}, ""},
		{"longer scheme", []string{`X-Matrixorigin=a.org`}, ""},
		{"longer name", []string{`X-Matrix origins=a.org,xorigin=b.org`}, ""},
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

// What stands behind the bounds changes nothing, so it is not worth sending.
func TestOriginIsBounded(t *testing.T) {
	key := hash(kindOrigin, "a.org")
	long := "X-Matrix origin=a.org,x=" + strings.Repeat("y", maxHeaderLength)
	many := "X-Matrix origin=a.org" + strings.Repeat(",x=y", maxParameters-1)
	empty := func(n int, last ...string) []string { return slices.Concat(make([]string, n), last) }
	tests := []struct {
		name         string
		within, more []string // the same up to the bound
		want         Key
	}{
		{"a long header", []string{long[:maxHeaderLength]}, []string{long[:maxHeaderLength] + ",origin=b.org"}, key},
		{"64 kB", []string{long}, []string{long + strings.Repeat(`\",origin="b.org`, 4096)}, key},
		{"a parameter that begins beyond", []string{long[:9] + long[22:]}, []string{long[:9] + long[22:] + ",origin=a.org"}, None},
		{"one parameter more", []string{many}, []string{many + ",origin=b.org"}, key},
		{"1,000 parameters", []string{many}, []string{many + strings.Repeat(",origin=b.org", 1000)}, key},
		{"a malformed parameter more", []string{many}, []string{many + ",origin"}, key},
		{"the last header", empty(maxHeaders-1, "X-Matrix origin=a.org"), empty(maxHeaders-1, "X-Matrix origin=a.org", "X-Matrix origin=b.org"), key},
		{"one header more", empty(maxHeaders), empty(maxHeaders, "X-Matrix origin=a.org"), None},
		{"1,000 headers", empty(maxHeaders), empty(1000, "X-Matrix origin=a.org"), None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, headers := range [][]string{tt.within, tt.more} {
				if got, _ := Origin(headers); got != tt.want {
					t.Errorf("%d headers, the last of %d bytes: %#x, want %#x", len(headers), len(headers[len(headers)-1]), got, tt.want)
				}
			}
		})
	}
}

// floods are headers that somebody sends to keep the proxy busy.
var floods = []struct {
	name    string
	headers []string
}{
	{"64 kB", []string{"X-Matrix origin=" + strings.Repeat("a", 64<<10)}},
	{"64 kB of escapes", []string{`X-Matrix origin="` + strings.Repeat(`\a`, 32<<10)}},
	{"64 kB of blanks", []string{"X-Matrix x=" + strings.Repeat(" \t", 32<<10)}},
	{"64 kB of commas", []string{"X-Matrix " + strings.Repeat("=,", 32<<10)}},
	{"1,000 parameters", []string{"X-Matrix a=b" + strings.Repeat(", origin=a.org", 1000)}},
	{"1,000 headers", append(strings.Split(strings.Repeat("X-Matri,", 1000), ","), "X-Matrix origin=a.org")},
}

func TestOriginAllocatesNothing(t *testing.T) {
	for _, flood := range floods {
		if n := testing.AllocsPerRun(100, func() { Origin(flood.headers) }); n != 0 {
			t.Errorf("%s: %v allocations", flood.name, n)
		}
	}
}

func BenchmarkOriginFlood(b *testing.B) {
	for _, flood := range floods {
		b.Run(flood.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Origin(flood.headers)
			}
		})
	}
}

// Wherever a byte stands in a server's name, it is hashed as it is or makes the
// name one that is not.
func TestIsPlainLooksAtEveryByte(t *testing.T) {
	for length := 1; length <= 20; length++ {
		for at := range length {
			for b := range 256 {
				name := []byte(strings.Repeat("[", length)) // one more than Z
				name[at] = byte(b)
				if want := byte(b) != '\\' && (b < 'A' || b > 'Z'); isPlain(string(name)) != want {
					t.Fatalf("byte %#x at %d of %d: %t", b, at, length, !want)
				}
			}
		}
	}
}
