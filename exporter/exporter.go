package exporter

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Sources are what there is to export.
type Sources struct {
	// Boards are the counts of all homeservers.
	Boards func() []*metrics.Board

	// Workers calls a function with each worker of the configuration.
	Workers func(func(*upstream.Worker, upstream.State))

	// Memories are what is remembered of tokens, of each homeserver at most once.
	Memories func() []Memory
}

// Memory is what is remembered of the tokens of a homeserver.
type Memory struct {
	Homeserver     string
	Tokens, Places int
	Failing        bool // whether Synapse does not say whose tokens are whose
}

// Register exports the sources in a registry, unless that has them already.
func Register(registry prometheus.Registerer, sources Sources) error {
	err := registry.Register(collector{sources})
	if errors.As(err, new(prometheus.AlreadyRegisteredError)) {
		return nil
	}
	return err
}

// collector reads the sources when Prometheus asks.
type collector struct{ Sources }

// Describe implements prometheus.Collector.
func (c collector) Describe(descs chan<- *prometheus.Desc) {
	for _, s := range All() {
		descs <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(samples chan<- prometheus.Metric) {
	for _, board := range c.Boards() {
		s := board.Snapshot()
		to := sink{samples, s.Homeserver}
		to.put(fallen, float64(s.Fallen))
		to.lookUps(s.LookUps)
		for _, p := range s.Pools {
			to.pool(p)
		}
	}
	c.Workers(func(w *upstream.Worker, state upstream.State) {
		sink{samples, w.Scope()}.worker(w, state)
	})
	for _, m := range c.Memories() {
		sink{samples, m.Homeserver}.memory(m)
	}
}

// sink takes the samples of one homeserver.
type sink struct {
	samples    chan<- prometheus.Metric
	homeserver string
}

// put takes a sample of a counter or gauge.
func (k sink) put(s *Series, value float64, labels ...string) {
	kind := prometheus.GaugeValue
	if s.Kind == Counter {
		kind = prometheus.CounterValue
	}
	k.take(s)(prometheus.NewConstMetric(s.desc, kind, value, k.labels(labels)...))
}

// spread takes a sample of a histogram.
func (k sink) spread(s *Series, d metrics.Distribution, labels ...string) {
	buckets, count := make(map[float64]uint64, len(d.Bounds)), uint64(0)
	for i, bound := range d.Bounds {
		count += uint64(d.Counts[i])
		buckets[bound.Seconds()] = count
	}
	k.take(s)(prometheus.NewConstHistogram(s.desc, uint64(d.Count()), d.Sum.Seconds(), buckets, k.labels(labels)...))
}

// take hands on a sample, or what is wrong with it.
func (k sink) take(s *Series) func(prometheus.Metric, error) {
	return func(sample prometheus.Metric, err error) {
		if err != nil {
			sample = prometheus.NewInvalidMetric(s.desc, err)
		}
		k.samples <- sample
	}
}

// labels puts the homeserver before the labels. A configuration may name a
// worker in bytes that Prometheus does not take.
func (k sink) labels(labels []string) []string {
	all := append(make([]string, 0, len(labels)+1), k.homeserver)
	all = append(all, labels...)
	for i := range all {
		all[i] = strings.ToValidUTF8(all[i], "\uFFFD")
	}
	return all
}

// Interface guard
var _ prometheus.Collector = collector{}
