package audit

import (
	"fmt"
	"slices"
	"testing"
)

// TestTokenLoggers shows which loggers are found to write down tokens: those
// whose entries any log gets that does not leave them out.
func TestTokenLoggers(t *testing.T) {
	const (
		filter = `"encoder": {"format": "filter", "fields": {
			"request>uri": {"filter": "query", "actions": [{"parameter": "access_token", "type": "delete"}]},
			"resp_headers>Location": {"filter": "delete"}}}`
		own    = `{"logger_names": {"a.example": ["own"]}}`
		mapped = `{"logger_names": {"a.example": ["own"]}, "skip_unmapped_hosts": true}`
	)
	for _, test := range []struct {
		name, logs, server string
		want               []string
	}{
		{"no access log", `{}`, `null`, nil},
		{"Caddy's own log", `{}`, `{}`, []string{""}},
		{"a log beside Caddy's own", `{"all": {` + filter + `}}`, `{}`, []string{""}},
		{"filtered", `{"default": {` + filter + `}}`, `{}`, nil},
		{"one log of all is not filtered", `{"default": {` + filter + `}, "all": {}}`, `{}`, []string{""}},
		{"one log of a namespace is not filtered", `{"default": {` + filter + `}, "http": {"include": ["http.log"]}}`, `{}`, []string{""}},
		{"the log that is included is not filtered", `{"default": {"exclude": ["http.log.access"], ` + filter + `}, "access": {"include": ["http.log.access"]}}`, `{}`, []string{""}},
		{"the log that is excluded is not filtered", `{"default": {"exclude": ["http.log.access"]}, "access": {"include": ["http.log.access"], ` + filter + `}}`, `{}`, nil},
		{"all modules are excluded", `{"default": {"exclude": ["*"]}}`, `{}`, nil},
		{"another namespace is excluded", `{"default": {"exclude": ["http.log.acc"]}}`, `{}`, []string{""}},
		{"a namespace within is included", `{"default": {"include": ["http.log.access.own"], "exclude": ["http.log"]}}`, own, []string{"own"}},
		{"a namespace within is excluded", `{"default": {"include": ["http.log"], "exclude": ["http.log.access.own"]}}`, own, []string{""}},
		{"as much is included as is excluded", `{"default": {"include": ["http.log"], "exclude": ["http.log"]}}`, own, nil},
		{"an own log, and hosts without one", `{"default": {"exclude": ["http.log.access.own"]}, "log0": {"include": ["http.log.access.own"], ` + filter + `}}`, own, []string{""}},
		{"an own log, and no other hosts", `{"default": {"exclude": ["http.log.access.own"]}, "log0": {"include": ["http.log.access.own"], ` + filter + `}}`, mapped, nil},
		{"an own log beside the default log", `{"default": {}, "log0": {"include": ["http.log.access.own"], ` + filter + `}}`, mapped, []string{"own"}},
		{"discarded", `{"default": {"writer": {"output": "discard"}}}`, own, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := fmt.Sprintf(`{"logging": {"logs": %s}, "apps": {"http": {"servers": {"s": {"logs": %s}}}}}`, test.logs, test.server)
			if got, err := TokenLoggers([]byte(config)); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}
