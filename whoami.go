package synapseworkers

import (
	"context"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// whoami asks Synapse about the tokens of requests: whose they are, if they do
// not say so themselves, and whether they have a device.
type whoami struct {
	match   endpoint.Match
	workers *pool.Set
	devices identity.Devices

	owners *identity.Owners // nil if look-ups are switched off
	counts *metrics.LookUps
	id     ownersID
	terms  identity.Terms
	sync   time.Duration // budget of a sync
	other  time.Duration // budget of any other request
}

// ownersID tells whose owners they are. Equal handlers share them, over reloads
// of the configuration.
type ownersID struct {
	scope    string
	capacity identity.Capacity
}

// owners holds what is known of the tokens of each homeserver.
var owners = caddy.NewUsagePool()

// newWhoami prepares to ask the workers of a handler.
func newWhoami(h *Handler) *whoami {
	w := &whoami{match: h.table.Classify(http.MethodGet, identity.Path, ""), workers: h.set}
	if !h.Identity.isOff() {
		w.startLookUps(h.Scope(), h.Identity, h.set.Board().LookUps)
	}
	return w
}

// startLookUps lets tokens be looked up that do not say whose they are.
func (w *whoami) startLookUps(scope string, options *Identity, counts *metrics.LookUps) {
	if options == nil {
		options = new(Identity)
	}
	w.id, w.terms = ownersID{scope, options.capacity()}, options.terms()
	w.sync, w.other = defaultSyncBudget, defaultBudget
	if options.SyncBudget != nil {
		w.sync = time.Duration(*options.SyncBudget)
	}
	if options.Budget != nil {
		w.other = time.Duration(*options.Budget)
	}
	known, _ := owners.LoadOrStore(w.id, identity.New(w.id.capacity, uptime.Now, counts, logLookUps))
	w.owners, w.counts = known.(*identity.Owners), counts
}

// cleanup forgets all tokens when nobody else needs them.
func (w *whoami) cleanup() {
	if w != nil && w.owners != nil {
		_, _ = owners.Delete(w.id)
	}
}

// logLookUps tells the operator that look-ups do not work, and that they do
// again.
func logLookUps(failing bool) {
	log := caddy.Log().Named("http.handlers.synapse_workers")
	if failing {
		log.Warn("Synapse does not tell whose access tokens are whose: users whose tokens do not name them stick by token",
			zap.String("endpoint", identity.Path))
		return
	}
	log.Info("Synapse tells again whose access tokens are whose", zap.String("endpoint", identity.Path))
}

// key returns the key of the user that a request is made for.
func (w *whoami) key(r *http.Request, class endpoint.Class) sticky.Key {
	token, _ := sticky.Token(r.Header["Authorization"], r.URL.RawQuery)
	own, claim := sticky.Owner(token, r.URL.RawQuery)
	if w.owners == nil || claim != sticky.Withheld || !w.workers.Spreads(class) {
		return own
	}
	user, memory := w.owners.Recall(token)
	how := metrics.Hit
	if memory != identity.Fresh {
		budget := w.budget(class)
		how = metrics.Missed
		if memory == identity.Stale {
			budget, how = 0, metrics.Stale
		}
		if learned := w.owners.Learn(r.Context(), token, budget, w.terms, w.asker(r, token, own)); learned != sticky.None {
			user, how = learned, metrics.Learned
		}
	}
	w.counts.Recall(how)
	if user == sticky.None {
		return own
	}
	return user
}

// OfDevice implements [pool.Whoami].
func (w *whoami) OfDevice(r *http.Request) bool {
	token, _ := sticky.Token(r.Header["Authorization"], r.URL.RawQuery)
	own, _ := sticky.Owner(token, r.URL.RawQuery)
	return w.devices.Has(token, w.asker(r, token, own))
}

// budget is how long a request of a class may wait.
func (w *whoami) budget(class endpoint.Class) time.Duration {
	switch class {
	case endpoint.ClassSync, endpoint.ClassInitialSync, endpoint.ClassSlidingSync, endpoint.ClassInitialSlidingSync:
		return w.sync
	}
	return w.other
}

// asker prepares a look-up in the name of a request's client, whose address and
// program Synapse notes as last seen with this token. The request itself may be
// over by then.
func (w *whoami) asker(r *http.Request, token string, own sticky.Key) identity.Ask {
	question := pool.Question{
		Path:     identity.Path,
		Match:    w.match,
		Key:      own,
		Header:   http.Header{"Authorization": {"Bearer " + token}},
		Host:     r.Host,
		ClientIP: upstream.ClientIP(r),
	}
	if agent, ok := r.Header["User-Agent"]; ok {
		question.Header["User-Agent"] = agent
	}
	return func(ctx context.Context) (int, []byte, error) {
		answer, err := w.workers.Ask(ctx, question)
		return answer.Status, answer.Body, err
	}
}
