package pool

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// forgetSample takes an upstream that has gone out of Caddy's gauge of those that
// are healthy, which keeps to the last what a worker was when it left (Caddy 2.11,
// reverseproxy.metricsUpstreamsHealthyUpdater): 0, if it died. The gauge is found by
// one that looks like it, since the registry has it already. If another pool still
// lists the upstream, its sample is back within 10 s.
func forgetSample(registry *prometheus.Registry, dial string) {
	alike := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "caddy", Subsystem: "reverse_proxy", Name: "upstreams_healthy",
		Help: "Health status of reverse proxy upstreams.",
	}, []string{"upstream"})
	err := registry.Register(alike)
	if err == nil {
		registry.Unregister(alike)
	}
	var known prometheus.AlreadyRegisteredError
	if !errors.As(err, &known) {
		return
	}
	if gauge, ok := known.ExistingCollector.(*prometheus.GaugeVec); ok {
		gauge.DeleteLabelValues(dial)
	}
}
