package edge

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// every error that the proxy makes.
var every = []*Error{
	ErrBadTarget, ErrBadBody, ErrClosed, ErrTooLarge, ErrLongTarget, ErrLongHead, ErrWrongMethod, ErrBusy, ErrBadGateway, ErrUnavailable, ErrTimeout,
}

func TestErrorsAreMatrixJSON(t *testing.T) {
	for _, e := range every {
		w := httptest.NewRecorder()
		e.Write(w, "/_matrix/x")
		checkAnswer(t, w, e)
	}
}

// Whoever waits for the server is told how long; nobody else is.
func TestRetryAfter(t *testing.T) {
	for _, e := range every {
		w := httptest.NewRecorder()
		e.Write(w, "/_matrix/x")
		seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
		waits := e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable
		if (err == nil && seconds > 0) != waits {
			t.Errorf("%d: Retry-After %q", e.Status, w.Header().Get("Retry-After"))
		}
		if inBody := strings.Contains(w.Body.String(), "retry_after_ms"); inBody != (e.Code == "M_LIMIT_EXCEEDED") {
			t.Errorf("%d: %s", e.Status, w.Body)
		}
	}
}

// checkAnswer checks what holds of every error that is written.
func checkAnswer(t *testing.T, w *httptest.ResponseRecorder, e *Error) {
	t.Helper()
	var answer struct {
		Code       *string `json:"errcode"`
		Message    *string `json:"error"`
		RetryAfter *int64  `json:"retry_after_ms"`
	}
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	length := w.Body.Len()
	if err := decoder.Decode(&answer); err != nil || decoder.More() {
		t.Fatalf("no JSON: %v", err)
	}
	if answer.Code == nil || *answer.Code != string([]rune(e.Code)) || answer.Message == nil {
		t.Errorf("errcode %v and error %v of %+v", answer.Code, answer.Message, e)
	}
	header := w.Header()
	if w.Code != e.Status || header.Get("Content-Type") != "application/json" || header.Get("Content-Length") != strconv.Itoa(length) {
		t.Errorf("%d %v", w.Code, header)
	}
	if header.Get("Access-Control-Allow-Origin") != "*" || header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("no CORS headers: %v", header)
	}
}

// Whatever an error says and whatever was asked for, it is one JSON object in
// one response, and the path is not in it.
func FuzzError(f *testing.F) {
	f.Add("M_UNKNOWN", "message", "/_matrix/x", int64(1500))
	f.Add("M_LIMIT_EXCEEDED", "\"\xff\x00</script>\u2028", "/_synapse/client/rendezvous/\r\nX: y", int64(1))
	f.Add("", "", "", int64(-1))
	f.Fuzz(func(t *testing.T, code, message, path string, milliseconds int64) {
		e := &Error{Status: 418, Code: code, Message: message, RetryAfter: time.Duration(milliseconds%1e9) * time.Millisecond}
		w := httptest.NewRecorder()
		e.Write(w, path)
		for name, values := range w.Header() {
			for _, value := range values {
				if strings.ContainsAny(value, "\r\n") {
					t.Errorf("%s: %q", name, value)
				}
			}
		}
		if e.RetryAfter > 0 {
			seconds, err := strconv.ParseInt(w.Header().Get("Retry-After"), 10, 64)
			if rounded := time.Duration(seconds) * time.Second; err != nil || rounded < e.RetryAfter || rounded >= e.RetryAfter+time.Second {
				t.Errorf("Retry-After %q for %v", w.Header().Get("Retry-After"), e.RetryAfter)
			}
		}
		checkAnswer(t, w, e)
	})
}
