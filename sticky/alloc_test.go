package sticky

import (
	"fmt"
	"strings"
	"testing"
)

const (
	benchToken = "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"
	benchQuery = "since=s72594_4483_1934&timeout=30000&access_token=" + benchToken
)

var (
	bearer  = []string{"Bearer " + benchToken}
	xMatrix = []string{`X-Matrix origin="matrix.example.org",destination="example.com",key="ed25519:a_b",sig="` +
		strings.Repeat("s", 86) + `"`}
	long        = strings.Repeat("syt_%41,=\\\"", 2000)
	longXMatrix = []string{"X-Matrix " + long}
)

// keyMakers are the constructors that requests pass through, each with a usual
// and with an odd input.
var keyMakers = []struct {
	name string
	make func() Key
}{
	{"User", func() Key { return User(benchToken) }},
	{"User/opaque", func() Key { return User("mat_0123456789abcdefghijABCDEFGHIJ_0pmO7B") }},
	{"User/malformed", func() Key { return User("syt_YWxpY2U=_a_b") }},
	{"User/long", func() Key { return User(long) }},
	{"Room", func() Key { return Room("%21cURbafjkfsMDVwdRDQ%3Amatrix.example.org") }},
	{"Room/long", func() Key { return Room(long) }},
	{"Origin", func() Key { key, _ := Origin(xMatrix); return key }},
	{"Origin/long", func() Key { key, _ := Origin(longXMatrix); return key }},
	{"Address", func() Key { return Address("2001:db8::1") }},
	{"URI", func() Key { return URI("/_matrix/federation/v1/state_ids/%21a%3Ab?event_id=%24c") }},
	{"Token/header", func() Key { token, _ := Token(bearer, ""); return User(token) }},
	{"Token/query", func() Key { token, _ := Token(nil, benchQuery); return User(token) }},
}

var poolSizes = []int{4, 16, 32, 1000}

func TestAllocations(t *testing.T) {
	for _, m := range keyMakers {
		if n := testing.AllocsPerRun(100, func() { m.make() }); n != 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
	for _, n := range poolSizes {
		seeds := seedsOf(names(n))
		walk := func() {
			w := Rank(seeds, userKeyOfBench)
			for range 3 {
				w.Next()
			}
		}
		if allocs := testing.AllocsPerRun(100, walk); allocs != 0 {
			t.Errorf("walk over %d workers: %v allocations", n, allocs)
		}
	}
}

var userKeyOfBench = User(benchToken)

func BenchmarkKey(b *testing.B) {
	for _, m := range keyMakers {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.make()
			}
		})
	}
}

func BenchmarkRank(b *testing.B) {
	for _, n := range poolSizes {
		seeds := seedsOf(names(n))
		b.Run(fmt.Sprintf("first/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				firstOf(seeds, userKeyOfBench)
			}
		})
		b.Run(fmt.Sprintf("second/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := Rank(seeds, userKeyOfBench)
				w.Next()
				w.Next()
			}
		})
	}
}

func BenchmarkBound(b *testing.B) {
	for b.Loop() {
		Default.Admits(60, 200, 4)
	}
}

func BenchmarkDigest(b *testing.B) {
	for b.Loop() {
		_ = userKeyOfBench.Digest()
	}
}
