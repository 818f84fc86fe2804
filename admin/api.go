// Package admin extends Caddy's admin API: it tells how the workers of Synapse
// fare and where requests go, to programs and to people, and takes workers out of
// service for a while.
package admin

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/status/page"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

func init() { caddy.RegisterModule(API{}) }

// The endpoints of the admin API.
const (
	FrontPath     = "/synapse_workers/"
	StatusPath    = "/synapse_workers/status"
	ExplainPath   = "/synapse_workers/explain"
	WorkersPath   = "/synapse_workers/workers"
	DrainPath     = "/synapse_workers/drain"
	UndrainPath   = "/synapse_workers/undrain"
	DiscoveryPath = "/synapse_workers/discovery"
)

// API is the module of Caddy's admin API for the workers of Synapse:
//
// Endpoint | Does
// ---------|------
// `GET /synapse_workers/` | a page for people, to whoever takes HTML; else the same as `/synapse_workers/status`
// `GET /synapse_workers/status` | tells how pools and workers fare, and where requests go, as [status.Status] describes it
// `POST /synapse_workers/explain` | tells where a request would go; the body is a JSON object with `uri`, and perhaps `method`, `headers` and `remote_ip`
// `GET /synapse_workers/workers` | lists the workers
// `POST /synapse_workers/drain?worker=<name>` | drains a worker: it gets no new requests while another one can answer them, and what it has in flight ends by itself. Where nobody else can answer, requests wait for it to be restarted
// `POST /synapse_workers/undrain?worker=<name>` | takes that back: the worker's users and rooms return to it gradually
// `GET /synapse_workers/discovery` | lists what DNS is asked for, and what it says, as [Discovery] describes it
//
// The three about workers answer with a list of them, as [Worker] describes them: of
// all, or of those that were meant. A worker without a name is called by its address. The
// parameter may be repeated; if one of the names is unknown, nothing is done.
// `pool=<name>` and `main=<address>` choose among workers of one name in
// several pools or of several homeservers; without them all are meant. What was
// drained here stays so over reloads, until the configuration no longer lists
// the worker.
type API struct{}

// CaddyModule returns the Caddy module information.
func (API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.synapse_workers",
		New: func() caddy.Module { return new(API) },
	}
}

// Routes returns the endpoints.
func (API) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: FrontPath, Handler: on(http.MethodGet, front)},
		{Pattern: page.Path, Handler: on(http.MethodGet, asset)},
		{Pattern: StatusPath, Handler: on(http.MethodGet, fares)},
		{Pattern: ExplainPath, Handler: on(http.MethodPost, tell)},
		{Pattern: WorkersPath, Handler: on(http.MethodGet, all)},
		{Pattern: DrainPath, Handler: on(http.MethodPost, each(drain))},
		{Pattern: UndrainPath, Handler: on(http.MethodPost, each((*upstream.Worker).Undrain))},
		{Pattern: DiscoveryPath, Handler: on(http.MethodGet, discoveries)},
	}
}

// on lets only requests with one method through. GET stands for HEAD too. A POST
// that another site made a browser send is refused, even if a proxy in front has
// hidden from Caddy where it comes from.
func on(method string, next caddy.AdminHandlerFunc) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method && (r.Method != http.MethodHead || method != http.MethodGet) {
			w.Header().Set("Allow", method)
			return refuse(http.StatusMethodNotAllowed, "method %s is not allowed: expected %s", r.Method, method)
		}
		if err := new(http.CrossOriginProtection).Check(r); err != nil {
			return refuse(http.StatusForbidden, "%w", err)
		}
		return next(w, r)
	}
}

// all answers with all workers.
func all(w http.ResponseWriter, _ *http.Request) error { return answer(w, upstream.Workers()) }

// each does something to the workers that a request names, and answers with
// what became of them.
func each(do func(*upstream.Worker)) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		workers, err := find(r.URL.Query())
		if err != nil {
			return err
		}
		for _, worker := range workers {
			do(worker)
		}
		return answer(w, workers)
	}
}

// drain drains a worker from now on.
func drain(w *upstream.Worker) { w.Drain(time.Now()) }

// answer writes workers as JSON.
func answer(w http.ResponseWriter, workers []*upstream.Worker) error {
	now, described := time.Now(), make([]Worker, len(workers))
	for i, worker := range workers {
		described[i] = describe(worker, now)
	}
	return reply(w, described)
}

// Interface guard
var _ caddy.AdminRouter = API{}
