package metrics

import (
	"sync/atomic"
	"time"
)

// LookUps counts what is asked about access tokens that do not name their user.
type LookUps struct {
	recalls [recalls]atomic.Int64
	ended   [lookUps]atomic.Int64
	time    Histogram
}

// NewLookUps returns counts of nothing.
func NewLookUps() *LookUps { return &LookUps{time: Histogram{bounds: &shortBounds}} }

// Recall is how a request's token was known.
type Recall uint8

// How a token was known.
const (
	// Hit: by an answer that still counts.
	Hit Recall = iota
	// Stale: by an old answer, which a look-up in the background renews.
	Stale
	// Learned: by a look-up that the request waited for.
	Learned
	// Missed: not at all, so that the token itself decides on the worker.
	Missed

	recalls // their number
)

// String returns the recall as a word.
func (r Recall) String() string { return [...]string{"hit", "stale", "learned", "missed"}[r] }

// Recall counts a request whose token was known in that way.
func (l *LookUps) Recall(how Recall) { l.recalls[how].Add(1) }

// LookUp is how a look-up ended.
type LookUp uint8

// How a look-up ended.
const (
	// Named: Synapse said whose token it is.
	Named LookUp = iota
	// Refused: Synapse does not know the token.
	Refused
	// Failed: Synapse did not say.
	Failed
	// Crowded: too many look-ups were under way.
	Crowded
	// Skipped: Synapse was left alone, since look-ups had failed.
	Skipped

	lookUps // their number
)

// String returns the end of a look-up as a word.
func (r LookUp) String() string {
	return [...]string{"named", "refused", "failed", "crowded", "skipped"}[r]
}

// LookUp counts a look-up that ended in that way without Synapse being asked.
func (l *LookUps) LookUp(how LookUp) { l.ended[how].Add(1) }

// Asked counts a look-up, and how long Synapse took.
func (l *LookUps) Asked(how LookUp, took time.Duration) {
	l.LookUp(how)
	l.time.Observe(took)
}
