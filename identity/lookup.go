package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Path is where Synapse tells whose token it is sent. All releases have it by
// that name, from 1.43 to 1.163.2; v3 is younger, since 1.48
// (rest/client/account.py WhoamiRestServlet, rest/client/_base.py
// client_patterns).
const Path = "/_matrix/client/r0/account/whoami"

// Ask asks Synapse at [Path] for the owner of a token, in the name of the client
// that sent it. The error is for when there is no answer of Synapse.
type Ask func(ctx context.Context) (status int, body []byte, err error)

// Terms say how long answers count.
type Terms struct {
	// How long a look-up may take.
	Timeout time.Duration

	// After which time Synapse is asked again about a token that it knew.
	TTL time.Duration

	// After which time Synapse is asked again about a token that it refused.
	RefusedTTL time.Duration
}

// failurePause is how long a token is left alone whose look-up failed.
const failurePause = 5 * time.Second

// Learn asks for the owner of a token and waits for the answer, up to a budget.
// It returns [sticky.None] if the answer is that there is no such token, or if
// there is no answer in time. The look-up goes on without its caller, and
// however many callers there are, it is one.
func (o *Owners) Learn(ctx context.Context, token string, budget time.Duration, terms Terms, ask Ask) sticky.Key {
	if o.breaker.State() == gobreaker.StateOpen {
		o.counts.LookUp(metrics.Skipped)
		return sticky.None
	}
	id := o.digest(token)
	answer := o.calls.DoChan(strconv.FormatUint(id, 16), func() (any, error) {
		return o.lookUp(id, sticky.Brief(token), terms, ask), nil
	})
	if budget <= 0 {
		return sticky.None
	}
	timer := time.NewTimer(budget)
	defer timer.Stop()
	select {
	case learned := <-answer:
		key, _ := learned.Val.(sticky.Key)
		return key
	case <-timer.C:
	case <-ctx.Done():
	}
	return sticky.None
}

// lookUp asks for the owner of a token and remembers the answer.
func (o *Owners) lookUp(id uint64, brief bool, terms Terms, ask Ask) sticky.Key {
	ctx, cancel := context.WithTimeout(context.Background(), terms.Timeout)
	defer cancel()
	if !o.queue.enter(ctx) {
		o.counts.LookUp(metrics.Crowded)
		return sticky.None
	}
	defer o.queue.leave()
	before, ok := o.cache.GetIfPresent(id)
	if ok && before.isFresh(o.now()) {
		return before.key // the look-up before this one has just ended
	}
	began := time.Now()
	key, err := o.breaker.Execute(func() (sticky.Key, error) { return verdict(ask(ctx)) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		o.counts.LookUp(metrics.Skipped)
		return before.key
	}
	o.counts.Asked(ended(key, err), time.Since(began))
	switch {
	case err != nil:
		o.remember(id, before.key, brief, failurePause)
		return before.key
	case key == sticky.None:
		o.remember(id, key, brief, terms.RefusedTTL)
	default:
		o.remember(id, key, brief, terms.TTL)
	}
	return key
}

// ended tells how a look-up ended.
func ended(key sticky.Key, err error) metrics.LookUp {
	switch {
	case err != nil:
		return metrics.Failed
	case key == sticky.None:
		return metrics.Refused
	}
	return metrics.Named
}

// verdict reads an answer: the key of the owner, None if Synapse refuses the
// token, an error if it cannot tell.
func verdict(status int, body []byte, err error) (sticky.Key, error) {
	if err != nil {
		return sticky.None, err
	}
	switch status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return sticky.None, nil
	default:
		return sticky.None, fmt.Errorf("whoami was answered with status %d", status)
	}
	var whoami struct {
		UserID string `json:"user_id"`
	}
	if err := json.Unmarshal(body, &whoami); err != nil {
		return sticky.None, fmt.Errorf("reading the answer of whoami: %w", err)
	}
	key, ok := sticky.UserID(whoami.UserID)
	if !ok {
		return sticky.None, errors.New("whoami was answered without a user id")
	}
	return key, nil
}
