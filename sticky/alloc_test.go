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
	long    = strings.Repeat("syt_%41,=\\\"", 2000)
	escapes = strings.Repeat("%c3%A4", 3500)
)

// keyMakers are the constructors that requests pass through, each with a usual
// and with an odd input.
var keyMakers = []struct {
	name string
	make func() Key
}{
	{"Owner/Synapse", func() Key { return ownerOf(benchToken) }},
	{"Owner/MAS", func() Key { return ownerOf(masToken) }},
	{"Owner/macaroon", func() Key { return ownerOf(guestToken) }},
	{"Owner/appservice", func() Key { key, _ := Owner("as_token", "user_id=@_irc_bob:example.org"); return key }},
	{"Owner/malformed", func() Key { return ownerOf("syt_YWxpY2U=_a_b") }},
	{"Owner/long", func() Key { return ownerOf(long) }},
	{"Room", func() Key { return Room("%21cURbafjkfsMDVwdRDQ%3Amatrix.example.org") }},
	{"Room/long", func() Key { return Room(long) }},
	{"Room/escapes", func() Key { return Room(escapes) }},
	{"Origin", func() Key { key, _ := Origin(xMatrix); return key }},
	{"Address", func() Key { return Address("2001:db8::1") }},
	{"URI", func() Key { return URI("/_matrix/federation/v1/state_ids/%21a%3Ab?event_id=%24c") }},
	{"Token/header", func() Key { token, _ := Token(bearer, ""); return ownerOf(token) }},
	{"Token/query", func() Key { token, _ := Token(nil, benchQuery); return ownerOf(token) }},
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
			for range 10 {
				w.Next()
			}
		}
		if allocs := testing.AllocsPerRun(100, walk); allocs != 0 {
			t.Errorf("walk over %d workers: %v allocations", n, allocs)
		}
	}
}

var userKeyOfBench = ownerOf(benchToken)

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

// Each decision is for another key: what is best is no use to foresee.
func BenchmarkRank(b *testing.B) {
	for _, n := range poolSizes {
		seeds := seedsOf(names(n))
		for _, steps := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%d of %d", steps, n), func(b *testing.B) {
				b.ReportAllocs()
				key := userKeyOfBench
				for b.Loop() {
					key += 0x9e3779b97f4a7c15
					w := Rank(seeds, key)
					for range steps {
						w.Next()
					}
				}
			})
		}
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
