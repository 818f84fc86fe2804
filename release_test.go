package synapseworkers

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// A table that does not fit the running Synapse is reported with what differs;
// one that fits, or differs in nothing, is not.
func TestWarnOfRelease(t *testing.T) {
	tests := []struct {
		table, running string
		want           []string
	}{
		{"1.163", "1.163.2", nil},
		{"1.99", "1.100", nil},
		{"1.80", "1.79", []string{"moved: GET /_matrix/client/(r0|v3|unstable)/register/available (register, now main)"}},
		{"1.143", "1.145", []string{"(main, now client_read)", "(main, now worker_admin)"}},
	}
	for _, tt := range tests {
		core, logs := observer.New(zap.WarnLevel)
		table, _ := endpoint.ParseVersion(tt.table)
		running, _ := endpoint.ParseVersion(tt.running)
		warnOfRelease(zap.New(core), table, running)
		if (logs.Len() == 0) != (tt.want == nil) {
			t.Errorf("%s for %s: %d warnings", tt.table, tt.running, logs.Len())
			continue
		}
		for _, entry := range logs.All() {
			said, _ := entry.ContextMap()["among_them"].([]any)
			var lines []string
			for _, line := range said {
				lines = append(lines, line.(string))
			}
			for _, want := range tt.want {
				if !strings.Contains(strings.Join(lines, "\n"), want) {
					t.Errorf("%s for %s: %q is not among %q", tt.table, tt.running, want, lines)
				}
			}
		}
	}
}
