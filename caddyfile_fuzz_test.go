package synapseworkers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	synapseworkers "github.com/caddy-matrix/caddy-synapse-workers"
)

// Whatever stands in the directive, it is refused with a reason, or it becomes a
// configuration that JSON is allowed to be.
func FuzzCaddyfile(f *testing.F) {
	for _, group := range [][]mistake{mistakenPools, mistakenFences, mistakenFallbacks, mistakenDrains, mistakenOptions, mistakenIdentities} {
		for i, m := range group {
			if i%5 == 0 {
				f.Add(m.body)
			}
		}
	}
	for _, option := range spoilable {
		f.Add(strings.Replace(option.context, "%s", option.line, 1))
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "import") || strings.Contains(body, "from_synapse") || strings.Contains(body, "{$") {
			return // files and the environment are another matter
		}
		adapted, _, err := adaptFile(":80 {\n@bridge header X-Bridge *\nsynapse_workers {\n" + body + "\n}\n}\n")
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		var config any
		if err := json.Unmarshal([]byte(adapted), &config); err != nil {
			t.Fatal(err)
		}
		for _, raw := range handlersIn(config) {
			h := new(synapseworkers.Handler)
			if err := caddy.StrictUnmarshalJSON(raw, h); err != nil {
				t.Errorf("became JSON that is refused: %v\n%s", err, raw)
			} else if err := h.Validate(); err != nil {
				t.Errorf("accepted, but not valid: %v\n%s", err, raw)
			}
		}
	})
}

// handlersIn finds the handlers of ours in a configuration.
func handlersIn(config any) (handlers [][]byte) {
	switch node := config.(type) {
	case []any:
		for _, item := range node {
			handlers = append(handlers, handlersIn(item)...)
		}
	case map[string]any:
		if node["handler"] == "synapse_workers" {
			delete(node, "handler")
			raw, _ := json.Marshal(node)
			return [][]byte{raw}
		}
		for _, item := range node {
			handlers = append(handlers, handlersIn(item)...)
		}
	}
	return handlers
}
