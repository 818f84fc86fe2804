package edge

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Error is an error that the proxy answers itself, in the form that every
// Matrix client understands.
type Error struct {
	// Status is the HTTP status.
	Status int

	// Code is the Matrix error code, such as M_LIMIT_EXCEEDED.
	Code string

	// Message is for people. It never repeats anything of the request.
	Message string

	// RetryAfter, rounded up to seconds, tells when trying again may help.
	RetryAfter time.Duration
}

// The errors that the proxy makes.
var (
	ErrBadTarget = &Error{
		Status: http.StatusBadRequest, Code: "M_UNRECOGNIZED",
		Message: "The request target is not a path that a homeserver has",
	}
	ErrBadRequest = &Error{
		Status: http.StatusBadRequest, Code: "M_UNRECOGNIZED",
		Message: "The request cannot be sent to a homeserver",
	}
	ErrBadBody = &Error{
		Status: http.StatusBadRequest, Code: "M_UNKNOWN",
		Message: "The request body could not be read to its end",
	}
	ErrClosed = &Error{
		Status: http.StatusForbidden, Code: "M_FORBIDDEN",
		Message: "This API is not open to the outside",
	}
	ErrTooLarge = &Error{
		Status: http.StatusRequestEntityTooLarge, Code: "M_TOO_LARGE",
		Message: "The request body is larger than this server takes",
	}
	ErrLongTarget = &Error{
		Status: http.StatusRequestURITooLong, Code: "M_TOO_LARGE",
		Message: "The request target is longer than a homeserver takes",
	}
	ErrLongHead = &Error{
		Status: http.StatusRequestHeaderFieldsTooLarge, Code: "M_TOO_LARGE",
		Message: "The request header is larger than a homeserver takes",
	}
	ErrWrongMethod = &Error{
		Status: http.StatusMethodNotAllowed, Code: "M_UNRECOGNIZED",
		Message: "Unrecognized request",
	}
	ErrBusy = &Error{
		Status: http.StatusTooManyRequests, Code: "M_LIMIT_EXCEEDED",
		Message: "The server is busy, try again soon", RetryAfter: 2 * time.Second,
	}
	ErrBadGateway = &Error{
		Status: http.StatusBadGateway, Code: "M_UNKNOWN",
		Message: "The homeserver did not complete its answer",
	}
	ErrUnavailable = &Error{
		Status: http.StatusServiceUnavailable, Code: "M_UNKNOWN",
		Message: "The homeserver cannot be reached right now", RetryAfter: 2 * time.Second,
	}
	ErrTimeout = &Error{
		Status: http.StatusGatewayTimeout, Code: "M_UNKNOWN",
		Message: "The homeserver did not answer in time",
	}
)

// Replaced is the error where an operator wants a status instead of a worker's answer.
func Replaced(status int) *Error {
	return &Error{Status: status, Code: "M_UNKNOWN", Message: "The homeserver's answer was not passed on"}
}

// Error makes e an error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// body is the JSON of an error. Old clients read retry_after_ms, new ones the
// Retry-After header (Matrix 1.10).
type body struct {
	Code         string `json:"errcode"`
	Message      string `json:"error"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
}

// Write answers a request for path with e.
func (e *Error) Write(w http.ResponseWriter, path string) {
	answer := body{Code: e.Code, Message: e.Message}
	if e.RetryAfter > 0 {
		seconds := int64((e.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
		if e.Code == "M_LIMIT_EXCEEDED" {
			answer.RetryAfterMS = e.RetryAfter.Milliseconds()
		}
	}
	writeJSON(w, path, e.Status, answer)
}

// writeJSON answers with a JSON document and CORS headers. A failing write
// means that the client is gone, which nobody needs to know.
func writeJSON(w http.ResponseWriter, path string, status int, document any) {
	encoded, err := json.Marshal(document)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"errcode":"M_UNKNOWN","error":"Internal error"}`)
	}
	SetCORS(w.Header(), path)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(encoded)))
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}

// Empty answers 200 with an empty JSON object, Matrix's way to say "done".
func Empty(w http.ResponseWriter, path string) { writeJSON(w, path, http.StatusOK, struct{}{}) }
