package pool

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// watched is a response that is held back while it may be a worker's word that
// it does not know an endpoint. Anything else passes through.
type watched struct {
	caddyhttp.ResponseWriterWrapper
	before header
	status int // of what is held back, else 0
	body   []byte
}

// longestRefusal bounds what is held back, in bytes. Synapse's word is short.
const longestRefusal = 4 << 10

// watch wraps a response; retract or release must follow.
func watch(w http.ResponseWriter) *watched {
	return &watched{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, before: remember(w.Header())}
}

// WriteHeader holds back an answer that may be a refusal.
func (w *watched) WriteHeader(status int) {
	refusal := status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	if refusal && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		w.status = status
		return
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write lets an answer go that is too long to be a refusal.
func (w *watched) Write(p []byte) (int, error) {
	if w.status != 0 && len(w.body)+len(p) <= longestRefusal {
		w.body = append(w.body, p...)
		return len(p), nil
	}
	w.release()
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom is the fast way for what passes through.
func (w *watched) ReadFrom(r io.Reader) (int64, error) {
	if w.status == 0 {
		return w.ResponseWriterWrapper.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// FlushError flushes what is not held back.
func (w *watched) FlushError() error {
	if w.status != 0 {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// unrecognised reports whether the answer is that the endpoint is unknown.
func (w *watched) unrecognised() bool {
	if w.status == 0 {
		return false
	}
	var answer struct {
		Code string `json:"errcode"`
	}
	return json.Unmarshal(w.body, &answer) == nil && answer.Code == "M_UNRECOGNIZED"
}

// release sends the client what was held back.
func (w *watched) release() {
	if w.status == 0 {
		return
	}
	w.ResponseWriterWrapper.WriteHeader(w.status)
	w.status = 0
	_, _ = w.ResponseWriterWrapper.Write(w.body) // fails only if the client is gone
}

// retract takes back what was held back, so that another answer can be given.
func (w *watched) retract() *refusal {
	r := &refusal{w.status, w.Header().Clone(), w.body}
	w.status = 0
	w.before.restore(w.Header())
	return r
}

// refusal is an answer that was taken back.
type refusal struct {
	status int
	header http.Header
	body   []byte
}

// send gives the client the answer after all, instead of any other.
func (r *refusal) send(w http.ResponseWriter) {
	clear(w.Header())
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // fails only if the client is gone
}

// header remembers a header as it was, mostly without an allocation.
type header struct {
	few  [3]field
	n    int
	more http.Header
}

type field struct {
	name   string
	values []string
}

func remember(h http.Header) (r header) {
	if len(h) > len(r.few) {
		r.more = h.Clone()
		return r
	}
	for name, values := range h {
		r.few[r.n] = field{name, values}
		r.n++
	}
	return r
}

func (r *header) restore(h http.Header) {
	clear(h)
	for _, f := range r.few[:r.n] {
		h[f.name] = f.values
	}
	maps.Copy(h, r.more)
}
