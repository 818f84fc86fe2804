package wiretest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// spans collects what Caddy exports, as an OpenTelemetry collector does.
type spans struct {
	t     *testing.T
	mu    sync.Mutex
	raw   bytes.Buffer
	spans []*otlp.Span
}

// collect makes Caddy export its traces, in a moment, to a collector that runs
// until the test ends.
func collect(t *testing.T) *spans {
	s := &spans{t: t}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	return s
}

// ServeHTTP takes an export.
func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var export collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &export)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		s.t.Errorf("an export to %s: %v", r.URL, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw.Write(raw)
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			s.spans = append(s.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// of waits for the span of the trace with an id.
func (s *spans) of(trace string) *otlp.Span {
	s.t.Helper()
	var found *otlp.Span
	eventually(s.t, "the span of "+trace, func() bool {
		for _, span := range s.all() {
			if fmt.Sprintf("%x", span.GetTraceId()) == trace {
				found = span
			}
		}
		return found != nil
	})
	return found
}

// all are the spans that were exported so far.
func (s *spans) all() []*otlp.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}

// text is all that was exported, as it was sent.
func (s *spans) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// ours are the attributes of the plugin.
func ours(attributes []*common.KeyValue) map[string]string {
	found := make(map[string]string)
	for _, a := range attributes {
		key, ok := strings.CutPrefix(a.GetKey(), "synapse.")
		if !ok {
			continue
		}
		switch value := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			found[key] = value.StringValue
		case *common.AnyValue_IntValue:
			found[key] = fmt.Sprint(value.IntValue)
		case *common.AnyValue_BoolValue:
			found[key] = fmt.Sprint(value.BoolValue)
		case *common.AnyValue_ArrayValue:
			for _, one := range value.ArrayValue.GetValues() {
				found[key] += one.GetStringValue()
			}
		}
	}
	return found
}

// traced is a trace's id, made by a client, with the header that hands it on.
func traced(i int) (id, header string) {
	id = fmt.Sprintf("%032x", i+1)
	return id, "Traceparent: 00-" + id + "-00000000000000ff-01"
}

// tracedSite has Caddy's tracing before the homeserver.
const tracedSite = `route {
	tracing
	synapse_workers {
		main $main
		synchrotron $sync1 $sync2
		typing $typing {
			lb_try_duration 0
		}
	}
}`

// With Caddy's tracing, the span of a request says what it was and who served
// it, and the worker is told the trace.
func TestSpansTellTheWay(t *testing.T) {
	collected := collect(t)
	p := proxytest.Config{Dead: []string{"sync1"}, Site: tracedSite}.Start(t)

	var retried map[string]string // the account of a request whose worker refuses
	for i := 0; i < 50 && retried == nil; i++ {
		id, header := traced(i)
		wantFrom(t, p.Get(syncTarget, proxytest.Bearer(fmt.Sprint(i), "a"), header), "sync2")
		span := collected.of(id)
		account := ours(span.GetAttributes())
		if account["class"] != "sync" || account["pool"] != "synchrotron" || account["worker"] != "sync2" || account["replayed"] != "false" {
			t.Fatalf("a span with %v", account)
		}
		parent := fmt.Sprintf("00-%s-%x-01", id, span.GetSpanId())
		if got := p.Worker("sync2").Last().Header.Get("Traceparent"); got != parent {
			t.Errorf("the worker got the trace %q, want %q", got, parent)
		}
		if account["retries"] == "0" {
			continue
		}
		retried = account
		events := span.GetEvents()
		if len(events) != 1 || events[0].GetName() != "worker failed" {
			t.Fatalf("events %v", events)
		}
		event := ours(events[0].GetAttributes())
		if event["pool"] != "synchrotron" || event["worker"] != "sync1" || event["failure"] != "no connection" {
			t.Errorf("an event with %v", event)
		}
	}
	if retried["retries"] != "1" || retried["choice"] != "failover" || retried["failed"] != "sync1" {
		t.Errorf("a retry with %v", retried)
	}
}

// A request that no worker answers has a span that says who failed it.
func TestSpansOfRequestsThatNobodyAnswers(t *testing.T) {
	collected := collect(t)
	p := proxytest.Config{Dead: []string{"typing"}, Site: tracedSite}.Start(t)
	id, header := traced(0)
	p.Send(proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}", Header: []string{alice, header}})
	account := ours(collected.of(id).GetAttributes())
	if account["class"] != "typing" || account["pool"] != "typing" || account["worker"] != "" || account["failed"] != "typing" {
		t.Errorf("a span with %v", account)
	}
}
