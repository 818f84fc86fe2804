package pool

import (
	"cmp"
	"errors"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/discovery"
)

// lookUp is a name that DNS is asked for, by all pools of all loaded
// configurations that ask in the same way. So a reload finds the workers that
// were there before, even while DNS is down.
type lookUp struct {
	*discovery.Watch
	key lookUpKey
}

// lookUpKey tells look-ups apart.
type lookUpKey struct {
	query discovery.Query
	ways  string
}

// lookUps holds those of all loaded configurations.
var lookUps = caddy.NewUsagePool()

// Destruct implements [caddy.Destructor].
func (l *lookUp) Destruct() error {
	l.Stop()
	return nil
}

// release lets the look-up go, which ends when nobody needs it any more.
func (l *lookUp) release() error {
	_, err := lookUps.Delete(l.key)
	return err
}

// begin begins the look-ups, those that are not under way already. Each must be
// released.
func (d *Discovery) begin() ([]*lookUp, error) {
	if d == nil {
		return nil, nil
	}
	ways, err := d.ways()
	if err != nil {
		return nil, err
	}
	resolver, err := d.resolver()
	if err != nil {
		return nil, err
	}
	var begun []*lookUp
	for _, query := range d.queries() {
		key, known := lookUpKey{query, ways}, knownTo(query)
		found, _, err := lookUps.LoadOrNew(key, func() (caddy.Destructor, error) {
			return &lookUp{discovery.Start(query, resolver, d.terms(), report, known...), key}, nil
		})
		if err != nil {
			return nil, errors.Join(err, releaseAll(begun))
		}
		begun = append(begun, found.(*lookUp))
	}
	return begun, nil
}

// knownTo lists the workers that a running look-up of the same query has found, in
// whatever way it asks: a reload may change that.
func knownTo(query discovery.Query) (workers []discovery.Worker) {
	lookUps.Range(func(key, l any) bool {
		if key.(lookUpKey).query == query {
			workers = l.(*lookUp).Status().Workers
		}
		return len(workers) == 0
	})
	return workers
}

func releaseAll(all []*lookUp) error {
	var errs []error
	for _, l := range all {
		errs = append(errs, l.release())
	}
	return errors.Join(errs...)
}

// report logs news of a look-up. It belongs to no configuration, and neither
// does its log.
func report(query discovery.Query, before, now discovery.Status) {
	logger := caddy.Log().Named(AppID).With(zap.Stringer("discovery", query), zap.Int("workers", len(now.Workers)))
	switch {
	case now.Err != nil && before.Err == nil:
		logger.Warn("DNS does not tell all workers; those it told before stay", zap.Error(now.Err))
	case now.Err == nil && before.Err != nil:
		logger.Info("DNS tells all workers again")
	default:
		logger.Info("DNS tells other workers than before")
	}
}

// Found is how a look-up of workers fares.
type Found struct {
	// Query is what DNS is asked, as it stands in a Caddyfile.
	Query string

	discovery.Status
}

// Discoveries lists the look-ups of all loaded configurations, in the order of
// what is asked. Those of one name that differ in their options are several.
func Discoveries() []Found {
	var all []Found
	lookUps.Range(func(_, l any) bool {
		all = append(all, Found{l.(*lookUp).Query.String(), l.(*lookUp).Status()})
		return true
	})
	slices.SortStableFunc(all, func(a, b Found) int { return cmp.Compare(a.Query, b.Query) })
	return all
}
