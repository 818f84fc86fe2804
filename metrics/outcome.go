package metrics

import "net/http"

// Outcome is what became of a request.
type Outcome uint8

// The outcomes. Up to Other a worker answered.
const (
	// Success, Redirect, ClientError and ServerError: with a status of that class.
	Success Outcome = iota
	Redirect
	ClientError
	ServerError
	// Other: with another status, or one that the pool's transport does not tell.
	Other
	// Gone: the client went away.
	Gone
	// BadBody: the request's body was too large, or broke off.
	BadBody
	// Busy: the workers, or the fallback to the main process, had all they may.
	Busy
	// BadGateway: a worker broke the connection off instead of an answer.
	BadGateway
	// Unavailable: no worker could be reached.
	Unavailable
	// Timeout: a worker did not answer in time.
	Timeout
	// Broken: a worker broke its answer off.
	Broken

	outcomes // their number
)

var outcomeWords = [outcomes]string{
	"2xx", "3xx", "4xx", "5xx", "other", "gone", "bad_body", "busy", "bad_gateway", "unavailable", "timeout", "broken",
}

// String returns the outcome as a word.
func (o Outcome) String() string { return outcomeWords[o] }

// IsStatus reports whether the outcome is the status that a worker answered with.
func (o Outcome) IsStatus() bool { return o <= ServerError }

// Failed reports whether a request failed by the server's fault.
func (o Outcome) Failed() bool { return o == ServerError || o >= Busy }

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}

// Answered returns the outcome of a request that was answered with a status, 0
// if that is not known.
func Answered(status int) Outcome {
	switch status / 100 {
	case http.StatusOK / 100:
		return Success
	case http.StatusMultipleChoices / 100:
		return Redirect
	case http.StatusBadRequest / 100:
		return ClientError
	case http.StatusInternalServerError / 100:
		return ServerError
	}
	return Other
}
