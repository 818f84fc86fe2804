// Package synapseworkers is a Caddy module that runs a Matrix homeserver,
// Synapse, with many worker processes: it knows which process may answer which
// request, keeps users, rooms and servers on the workers that remember them,
// and loses nothing when a worker goes.
package synapseworkers

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/net/http/httpguts"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	_ "github.com/caddy-matrix/caddy-synapse-workers/ready" // the directive synapse_ready
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

func init() {
	caddy.RegisterModule(new(Handler))
	httpcaddyfile.RegisterHandlerDirective("synapse_workers", parseCaddyfile)
	httpcaddyfile.RegisterDirectiveOrder("synapse_workers", httpcaddyfile.Before, "reverse_proxy")
}

// Handler routes Matrix requests to the processes of a Synapse homeserver.
// Requests below `/_matrix/` and `/_synapse/client/` are served; everything
// else goes to the next handler.
//
// It classifies a request once, by the raw bytes of its path as Synapse does,
// and hands it to the first pool of workers that may answer it and is up.
// Within a pool, the request's user, room or origin server decides which
// worker: always the same one, on every proxy and after every restart.
//
// Placeholders:
//
// Placeholder | Description
// ------------|-------------
// `{http.synapse.class}` | The endpoint class of the request, such as `sync`
// `{http.synapse.pool}` | The pool that the request was sent to, such as `synchrotron`
type Handler struct {
	pool.Config

	// How the users of requests are found. Default: Synapse is asked about access
	// tokens that do not name their user.
	Identity *Identity `json:"identity,omitempty"`

	// The release of Synapse, such as `1.99`, from 1.43 on: which endpoints its
	// workers serve. Default: the newest that is known.
	SynapseVersion string `json:"synapse_version,omitempty"`

	// Who may reach Synapse's admin API, `/_synapse/admin/`. Default: nobody.
	AdminAPI *Access `json:"admin_api,omitempty"`

	// Who may reach the API that Matrix Authentication Service calls,
	// `/_synapse/mas/`. Default: nobody.
	MASAPI *Access `json:"mas_api,omitempty"`

	// The discovery documents below `/.well-known/matrix/`. Default: the next
	// handler's business.
	WellKnown *WellKnown `json:"well_known,omitempty"`

	// How large an uploaded file may be, in bytes. Should be Synapse's
	// `max_upload_size`. Default: 50 MiB, as Synapse's.
	MaxUploadSize int64 `json:"max_upload_size,omitempty"`

	// How large the body of any other request may be, in bytes. Default:
	// 12.5 MiB, the limit that Synapse has built in. Federation transactions
	// may have the larger of the two sizes.
	MaxBodySize int64 `json:"max_body_size,omitempty"`

	// Whether presence is disabled in Synapse. Clients that set their presence
	// are then answered here instead of keeping Synapse busy. Default: `false`.
	PresenceOff bool `json:"presence_off,omitempty"`

	// The files of Synapse that this configuration was made from: files,
	// directories and glob patterns. When what they hold changes, Caddy loads the
	// configuration file anew that it was started with. Default: none.
	Watch []string `json:"watch,omitempty"`

	// What those files held before this configuration was made from them, in short.
	// If they hold something else when it starts, it is loaded anew. Default: what
	// they hold then.
	Watched string `json:"watched,omitempty"`

	synapse *synapseFiles // until the Caddyfile is adapted
	table   *endpoint.Table
	set     *pool.Set
	whoami  *whoami
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.synapse_workers",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision sets up the handler, whose pools it shares with its equals.
func (h *Handler) Provision(ctx caddy.Context) error {
	if err := h.prepare(); err != nil {
		return err
	}
	h.warnOfVersion(ctx)
	app, err := ctx.App(pool.AppID)
	if err != nil {
		return fmt.Errorf("getting the %s app: %w", pool.AppID, err)
	}
	pools := app.(*pool.App)
	if h.set, err = pools.Set(&h.Config); err != nil {
		return err
	}
	if err := h.watchFiles(ctx); err != nil {
		return err
	}
	h.whoami = newWhoami(h)
	if err := export(ctx, pools); err != nil {
		return fmt.Errorf("exporting metrics: %w", err)
	}
	go h.compareRelease(ctx, ctx.Logger())
	return nil
}

// warnOfVersion logs that Synapse is newer than the table.
func (h *Handler) warnOfVersion(ctx caddy.Context) {
	if v, err := endpoint.ParseRelease(h.SynapseVersion); err == nil && endpoint.Latest.Before(v) {
		ctx.Logger().Warn("the endpoints of this Synapse are not known yet: using those of an older one",
			zap.String("synapse_version", h.SynapseVersion), zap.Stringer("newest_known", endpoint.Latest))
	}
}

// prepare checks the configuration and readies all that needs no running
// pools, so that requests can be decided upon.
func (h *Handler) prepare() error {
	if err := h.Validate(); err != nil {
		return err
	}
	version, err := endpoint.ParseRelease(h.SynapseVersion)
	if err != nil {
		return err
	}
	h.table = endpoint.At(version)
	if h.MaxUploadSize == 0 {
		h.MaxUploadSize = defaultUploadSize
	}
	if h.MaxBodySize == 0 {
		h.MaxBodySize = defaultBodySize
	}
	for name, access := range map[string]*Access{"admin_api": h.AdminAPI, "mas_api": h.MASAPI} {
		if err := access.prepare(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Validate checks the configuration.
func (h *Handler) Validate() error {
	if _, err := endpoint.ParseRelease(h.SynapseVersion); err != nil {
		return fmt.Errorf("synapse_version: %w", err)
	}
	if h.MaxUploadSize < 0 || h.MaxBodySize < 0 {
		return errors.New("max_upload_size and max_body_size: expected a positive number of bytes")
	}
	if h.RequestIDHeader != "" && !httpguts.ValidHeaderFieldName(h.RequestIDHeader) {
		return fmt.Errorf("request_id_header: '%s' is not the name of a header", h.RequestIDHeader)
	}
	if err := h.WellKnown.validate(); err != nil {
		return fmt.Errorf("well_known: %w", err)
	}
	if err := h.Identity.validate(); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return h.Config.Validate()
}

// Cleanup forgets whose tokens are whose, unless another handler needs it.
func (h *Handler) Cleanup() error {
	h.whoami.cleanup()
	return nil
}

// ServeHTTP decides what to do with a request, and does it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	d := h.decide(r)
	if d.by == byNext {
		return next.ServeHTTP(w, r)
	}
	h.identify(w, r)
	if d.by != byProxy {
		untold(w, r)
		d.answer(w, r)
		return nil
	}
	r = endToEnd(r)
	visit := &pool.Visit{
		Request: r,
		Match:   d.match,
		Key:     h.keyOf(r, d.match),
		Whoami:  h.whoami,
	}
	visit.Log()
	defer visit.Trace()
	out, answer := h.forward(r, d, visit)
	if answer == nil {
		answer = h.set.Serve(w, out, visit)
	}
	if answer != nil {
		untold(w, r)
		answer.Write(w, d.path)
	}
	return nil
}

// keyOf returns what keeps a request together with others.
func (h *Handler) keyOf(r *http.Request, match endpoint.Match) sticky.Key {
	if match.Class.Key() == endpoint.KeyUser {
		return h.whoami.key(r, match.Class)
	}
	return upstream.KeyOf(match.Class.Key(), match.ID(), r)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ error                       = (*edge.Error)(nil)
)
