package sticky

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

var update = flag.Bool("update", false, "rewrite the golden files: this moves every user of every server")

// Where a user is served must not change with a new version of this package:
// caches would go cold on all servers, and replicas of two versions would
// disagree.
func TestGolden(t *testing.T) {
	const file = "testdata/golden.tsv"
	got := golden()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%d lines, want %d", len(gotLines), len(wantLines))
	}
	for i := range wantLines {
		if gotLines[i] != wantLines[i] {
			t.Errorf("moved: %q, was %q", gotLines[i], wantLines[i])
		}
	}
}

// golden lists 1,000 things, their keys and their workers.
func golden() string {
	pool := []string{"10.0.0.1:8083", "sync2", "unix//run/synapse/sync3.sock", "[::1]:8083", "sync5"}
	var out strings.Builder
	line := func(what string, key Key) {
		fmt.Fprintf(&out, "%s\t%016x\t%s\n", what, uint64(key), strings.Join(RankNames(pool, key), " "))
	}
	for i := range 200 {
		user, _ := Owner(tokentest.Synapse(fmt.Sprintf("user%d", i), "x"), "")
		line(fmt.Sprintf("user%d", i), user)
		line(fmt.Sprintf("token%d", i), OfToken(fmt.Sprintf("token%d", i)))
		line(fmt.Sprintf("!room%d:example.org", i), Room(fmt.Sprintf("%%21room%d:example.org", i)))
		origin, _ := Origin([]string{fmt.Sprintf("X-Matrix origin=%d.example.org", i)})
		line(fmt.Sprintf("%d.example.org", i), origin)
		if i%2 == 0 {
			line(fmt.Sprintf("192.0.2.%d", i), Address(fmt.Sprintf("192.0.2.%d", i)))
		} else {
			line(fmt.Sprintf("/uri/%d", i), URI(fmt.Sprintf("/uri/%d", i)))
		}
	}
	return out.String()
}
