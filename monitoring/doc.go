// Package monitoring holds what watches the proxy: alerts.yml for Prometheus, with
// its own tests in alerts_test.yml, and dashboard.json for Grafana. Its tests have a
// real Prometheus scrape a running proxy (build tag prometheus).
package monitoring
