package synapseworkers

import (
	"cmp"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/exporter"
	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// export shows what is counted among Caddy's metrics. Each configuration has a
// registry of its own, which all its handlers share.
func export(ctx caddy.Context, app *pool.App) error {
	return exporter.Register(ctx.GetMetricsRegistry(), exporter.Sources{
		Boards: pool.Boards, Workers: app.Workers, Memories: memories,
	})
}

// memories lists what is remembered of tokens, of each homeserver. If a
// homeserver has several memories, as a reload may leave for a while, they
// count together.
func memories() []exporter.Memory {
	all := make(map[string]exporter.Memory)
	owners.Range(func(key, value any) bool {
		id, o := key.(ownersID), value.(*identity.Owners)
		m := all[id.scope]
		all[id.scope] = exporter.Memory{
			Homeserver: id.scope, Tokens: m.Tokens + o.Len(), Places: m.Places + o.Places(),
			Failing: m.Failing || o.Failing(),
		}
		return true
	})
	list := make([]exporter.Memory, 0, len(all))
	for _, m := range all {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b exporter.Memory) int { return cmp.Compare(a.Homeserver, b.Homeserver) })
	return list
}
