package identity

import (
	"crypto/rand"
	"net/http"
	"runtime"
	"testing"
)

// A hundred thousand tokens that somebody makes up, of which Synapse knows
// none, take no more memory than the few that are remembered.
func TestFloodOfTokensIsBounded(t *testing.T) { floodWithTokens(t, 100_000, 1000, 1<<20) }

// floodWithTokens makes up a number of tokens, of which a few are remembered, and
// checks that they take no more than so many bytes beyond the first thousand.
func floodWithTokens(t *testing.T, number, remembered int, bytes int64) {
	t.Helper()
	o, s := placesFor(remembered), &synapse{status: http.StatusUnauthorized}
	for range 1000 {
		learn(t, o, s, rand.Text())
	}
	before := inUse(o)
	for range number {
		learn(t, o, s, rand.Text())
	}
	if grown := int64(inUse(o)) - int64(before); grown > bytes {
		t.Errorf("%d bytes more are in use", grown)
	}
	if o.Len() > remembered {
		t.Errorf("%d tokens are remembered, want up to %d", o.Len(), remembered)
	}
	s.wantAsked(t, int64(1000+number))
}

// inUse is how much memory is in use when nothing is under way.
func inUse(o *Owners) uint64 {
	o.cache.CleanUp()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(o)
	return m.HeapAlloc
}
