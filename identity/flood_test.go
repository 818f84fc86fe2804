package identity

import (
	"crypto/rand"
	"net/http"
	"runtime"
	"testing"
)

// A hundred thousand tokens that somebody makes up, of which Synapse knows
// none, take no more memory than the few that are remembered.
func TestFloodOfTokensIsBounded(t *testing.T) {
	o, s := owners(), &synapse{status: http.StatusUnauthorized}
	for range 1000 {
		learn(t, o, s, rand.Text())
	}
	before := inUse(o)
	for range 100_000 {
		learn(t, o, s, rand.Text())
	}
	if grown := int64(inUse(o)) - int64(before); grown > 1<<20 {
		t.Errorf("%d bytes more are in use", grown)
	}
	if o.Len() > 1000 {
		t.Errorf("%d tokens are remembered, want up to 1000", o.Len())
	}
	s.wantAsked(t, 101_000)
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
