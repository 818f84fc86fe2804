package identity

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Clients of Matrix Authentication Service get a new token every five minutes.
// However many there have been, Synapse is asked once for each, and no token is
// forgotten that is in use, as long as those of ten minutes have room.
func TestReplacedTokensMakeRoom(t *testing.T) {
	const clients, tokens = 300, 50
	synctest.Test(t, func(t *testing.T) {
		o, s := placesFor(2*clients+clients/2), knows()
		for n := range tokens {
			for range 10 {
				for client := range clients {
					token := fmt.Sprintf("mat_%d_%d", client, n)
					if _, memory := o.Recall(token); memory != Fresh {
						learn(t, o, s, token)
					}
				}
				elapse(30 * time.Second)
			}
		}
		s.wantAsked(t, clients*tokens)
	})
}

// A token that lasts is remembered for as long as there is room, whoever is away
// for how long; one that is soon replaced for five minutes after its last use.
func TestUnusedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		learn(t, o, s, "lasting")
		learn(t, o, s, "mat_1")
		elapse(4 * time.Minute)
		wantMemory(t, o, "mat_1", alice, Fresh)
		elapse(4 * time.Minute)
		wantMemory(t, o, "mat_1", alice, Fresh)
		elapse(6 * time.Minute)
		wantMemory(t, o, "mat_1", sticky.None, Unknown)
		elapse(30 * 24 * time.Hour)
		wantMemory(t, o, "lasting", alice, Stale)
	})
}

// What Synapse refused, or did not answer, takes no place for longer than it
// counts.
func TestRefusedTokensMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), &synapse{status: http.StatusUnauthorized}
		for n := range 100 {
			learn(t, o, s, fmt.Sprint(n))
		}
		elapse(terms.RefusedTTL + time.Second)
		o.cache.CleanUp()
		if n := o.Len(); n != 0 {
			t.Errorf("%d tokens are remembered", n)
		}
	})
}
