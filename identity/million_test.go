//go:build reliability

package identity

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// A million tokens that somebody makes up take 64 MiB at most, with as many
// remembered as by default.
func TestMillionTokensAreBounded(t *testing.T) { floodWithTokens(t, 1_000_000, remembered, 64<<20) }

// remembered is how many tokens are by default.
const remembered = 200_000

// Of a million pairs of tokens that differ by a character, its case or what
// stands around them, each stays its owner's for as long as it is remembered,
// whichever was learned first.
func TestMillionPairsAreNotCrossed(t *testing.T) {
	const pairs = 1_000_000
	o := placesFor(remembered)
	tokens := make([]string, 0, 2*pairs)
	recalled := func(n int) bool {
		key, memory := o.Recall(tokens[n])
		if memory != Unknown && key != sticky.User(fmt.Sprint("user", n)) {
			t.Fatalf("%q, which is like %q, is not its owner's", tokens[n], tokens[n^1])
		}
		return memory != Unknown
	}
	at := 0
	for range pairs {
		one := rand.Text()
		for _, token := range []string{one, alike(one)} {
			learn(t, o, ownerOf(fmt.Sprint("user", len(tokens))), token)
			tokens = append(tokens, token)
		}
		for n := len(tokens) - 2; n < len(tokens); n++ {
			if recalled(n) {
				at++
			}
		}
	}
	after := 0
	for n := range tokens {
		if recalled(n) {
			after++
		}
	}
	t.Logf("of %d tokens, %d were known just after they were learned, and %d in the end", len(tokens), at, after)
	if at < pairs || after < remembered/2 {
		t.Errorf("of %d tokens, %d were known just after they were learned, and %d in the end", len(tokens), at, after)
	}
}

// alike returns another token that is nearly the same.
func alike(token string) string {
	at := mathrand.IntN(len(token))
	switch mathrand.IntN(7) {
	case 0:
		return token + " "
	case 1:
		return " " + token
	case 2:
		return token[:at] + "%20" + token[at:]
	case 3:
		return token[:at] + "!" + token[at+1:]
	case 4:
		return strings.ToLower(token)
	case 5:
		return token[:len(token)-1]
	}
	return token + token
}

// ownerOf is a Synapse that says whose all tokens are.
func ownerOf(user string) *synapse {
	return &synapse{status: http.StatusOK, body: fmt.Sprintf(`{"user_id": "@%s:example.org"}`, user)}
}
