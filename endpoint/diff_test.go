package endpoint

import (
	"fmt"
	"strings"
	"testing"
)

// TestDiff holds what changed between a few pairs of releases.
func TestDiff(t *testing.T) {
	for pair, want := range map[string]string{
		"1.43 1.43":  "",
		"1.99 1.100": "",
		"1.79 1.80": `
			moved GET /_matrix/client/(r0|v3|unstable)/register/available main register`,
		"1.80 1.79": `
			moved GET /_matrix/client/(r0|v3|unstable)/register/available register main`,
		"1.104 1.105": `
			moved PUT,DELETE /_matrix/client/(api/v1|r0|v3|unstable)/pushrules/{rule...} main push_rules`,
		"1.143 1.146": `
			gone POST /_matrix/client/(r0|v3|unstable)/keys/upload/{device} device_lists -
			moved POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delay}/restart main client_read
			moved GET /_synapse/admin/v2/users/{user} main worker_admin
			new GET /_synapse/admin/v1/users/{user}/memberships - main`,
		"1.157 1.163": `
			new GET /_matrix/client/unstable/io.element.msc4502/rooms/{room}/is_joined - room_read
			gone GET /_matrix/client/unstable/org.matrix.msc2965/auth_issuer public -
			new GET /_synapse/client/media_upload_limit_exceeded - public
			new POST /_matrix/client/unstable/io.element.msc4512/appservice/fed_proxy - client_read
			new GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delay} - client_read`,
	} {
		a, b := parsePair(t, pair)
		var got strings.Builder
		for _, change := range Diff(a, b) {
			fmt.Fprintf(&got, "\n\t\t\t%s %s %s", change.Kind(), change.Methods, pathOf(change))
		}
		if got.String() != want {
			t.Errorf("%s:%s\nwant:%s", pair, got.String(), want)
		}
	}
}

// TestDiffRenames shows what the prefix v3 did to a path.
func TestDiffRenames(t *testing.T) {
	a, b := parsePair(t, "1.47 1.48")
	renamed := 0
	for _, change := range Diff(a, b) {
		if change.Kind() != "renamed" {
			continue
		}
		if renamed++; !strings.Contains(change.To.Pattern, "v3") || strings.Contains(change.From.Pattern, "v3") {
			t.Errorf("%s became %s", change.From.Pattern, change.To.Pattern)
		}
	}
	if renamed < 100 {
		t.Errorf("%d paths have the new prefix", renamed)
	}
}

// TestDiffIsComplete goes from the oldest release to the newest in single
// steps, and expects to have met every endpoint that is new.
func TestDiffIsComplete(t *testing.T) {
	for _, table := range []*Table{At(Oldest), Newest()} {
		for _, change := range Diff(table.Version(), table.Version()) {
			t.Errorf("%s %s changes from %s to itself", change.Methods, pathOf(change), table.Version())
		}
	}
	held := At(Oldest).places()
	releases := turns()
	for i, v := range releases[1:] {
		for _, change := range Diff(releases[i], v) {
			for method := methodGet; method <= methodOther; method <<= 1 {
				if !change.Methods.has(method) {
					continue
				}
				if change.To == nil {
					delete(held, place{method, change.From.Path})
				} else {
					held[place{method, change.To.Path}] = change.To
				}
			}
		}
	}
	want := Newest().places()
	if len(held) != len(want) {
		t.Errorf("the changes lead to %d endpoints, the newest release has %d", len(held), len(want))
	}
	for at, row := range want {
		if held[at] == nil || held[at].Class != row.Class || held[at].Pattern != row.Pattern {
			t.Errorf("the changes do not lead to %s", row.Pattern)
		}
	}
}

func parsePair(t *testing.T, pair string) (a, b Version) {
	t.Helper()
	older, newer, _ := strings.Cut(pair, " ")
	a, err := ParseVersion(older)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = ParseVersion(newer); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// pathOf names the path and the classes of a change.
func pathOf(c Change) string {
	from, to, path := "-", "-", ""
	if c.From != nil {
		from, path = c.From.Class.String(), c.From.Pattern
	}
	if c.To != nil {
		to, path = c.To.Class.String(), c.To.Pattern
	}
	return path + " " + from + " " + to
}
