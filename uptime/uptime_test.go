package uptime

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/clocktest"
)

// Whoever sets the machine's clock moves no moment. People are told the time of
// one by the clock as it is set now.
func TestSettingTheClockMovesNoMoment(t *testing.T) {
	now := time.Now()
	event := now.Add(-time.Minute)
	for _, forward := range []time.Duration{0, time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour} {
		set := clocktest.Set(now, forward)
		if set.Unix() != now.Add(forward).Unix() {
			t.Fatalf("put forward by %v, the clock shows %v instead of %v", forward, set, now)
		}
		if At(set) != At(now) {
			t.Errorf("put forward by %v, the clock moves a moment by %v", forward, time.Duration(At(set)-At(now)))
		}
		if got, want := Date(At(event), set), event.Add(forward).Round(time.Millisecond); !got.Equal(want) {
			t.Errorf("put forward by %v, the clock has an event at %v, expected %v", forward, got, want)
		}
	}
}

// Time passes for moments as for everything else.
func TestMomentsPass(t *testing.T) {
	if Now() <= 0 {
		t.Errorf("it is %d", Now())
	}
	synctest.Test(t, func(t *testing.T) {
		begin := Now()
		if begin != At(time.Now()) {
			t.Errorf("it is %d, and by the clock %d", begin, At(time.Now()))
		}
		time.Sleep(time.Hour) // in a bubble, where it costs none
		if passed := time.Duration(Now() - begin); passed != time.Hour {
			t.Errorf("%v passed in an hour", passed)
		}
	})
}
