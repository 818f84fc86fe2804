package pool

import (
	"errors"
	"net"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// The account of a visit tells what was asked for, the pool and worker that were
// asked last, and those that failed. It is an object of this name in the access
// log; in a trace its attributes begin with it.
const accountName = "synapse"

// account gives the account of the visit, by what is known so far.
func (v *Visit) account() []attribute.KeyValue {
	account := []attribute.KeyValue{attribute.Stringer("class", v.Match.Class)}
	if name, sent := v.poolName(); sent {
		account = append(account, attribute.String("pool", name))
	}
	if w := v.attempt.Worker(); w != nil {
		account = append(account, attribute.String("worker", w.Name()))
	}
	if outcome := v.attempt.Outcome(); outcome != upstream.Unasked {
		account = append(account, attribute.Stringer("choice", outcome))
	}
	if len(v.tried) > 0 {
		account = append(account, attribute.StringSlice("failed", v.tried))
	}
	return append(account, attribute.Int("retries", v.retries()), attribute.Bool("replayed", v.replays > 0))
}

// retries is how often the request was sent again, but for replays.
func (v *Visit) retries() int { return max(v.attempt.Sent()-v.replays-1, 0) }

// Log adds the account to the line of the request in the access log, if the
// server keeps one. It is given when that line is written.
func (v *Visit) Log() {
	ctx := v.Request.Context()
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); !ok || server.Logs == nil {
		return
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Set(zap.Object(accountName, v))
	}
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (v *Visit) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, a := range v.account() {
		zap.Any(string(a.Key), a.Value.AsInterface()).AddTo(enc)
	}
	return nil
}

// Trace adds the account to the span of the request, if it has one.
func (v *Visit) Trace() {
	span := trace.SpanFromContext(v.Request.Context())
	if !span.IsRecording() {
		return
	}
	for _, a := range v.account() {
		a.Key = accountName + "." + a.Key
		span.SetAttributes(a)
	}
}

// fails takes note of a worker that failed the request, and adds that to the
// span of the request.
func (v *Visit) fails(w *upstream.Worker, err error) {
	if !slices.Contains(v.tried, w.Name()) {
		v.tried = append(v.tried, w.Name())
	}
	span := trace.SpanFromContext(v.Request.Context())
	if !span.IsRecording() {
		return
	}
	span.AddEvent("worker failed", trace.WithAttributes(
		attribute.String(accountName+".pool", w.Pool()),
		attribute.String(accountName+".worker", w.Name()),
		attribute.String(accountName+".failure", failure(err)),
	))
}

// failure names what went wrong, in words that repeat nothing of a request or
// an answer.
func failure(err error) string {
	var (
		dial   reverseproxy.DialError
		netErr net.Error
	)
	slow := errors.As(err, &netErr) && netErr.Timeout()
	switch {
	case errors.As(err, &dial) && slow:
		return "no connection in time"
	case errors.As(err, &dial):
		return "no connection"
	case slow:
		return "no answer in time"
	}
	return "no whole answer"
}
