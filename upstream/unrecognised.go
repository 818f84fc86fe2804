package upstream

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A Healer decides what becomes of a request that a worker does not recognise.
type Healer interface {
	// Withhold reports whether the client does not get the worker's word, since
	// somebody else will be asked.
	Withhold() bool
}

// word is what a worker said to a request.
type word uint8

const (
	unheard      word = iota // nothing, or not of interest
	unrecognised             // that it does not know the endpoint, and the client heard it
	withheld                 // the same, but the client did not
)

// Unrecognised reports whether the chosen worker does not recognise the request.
// Only a pool's default transports listen for that, and only for a [Healer].
func (a *Attempt) Unrecognised() bool { return a.word != unheard }

// Withheld reports whether the client did not hear that: nothing is answered yet.
func (a *Attempt) Withheld() bool { return a.word == withheld }

// statusWithheld is the status of a withheld answer on its way through
// reverse_proxy. No worker can send one like it.
const statusWithheld = -1

// HandleWithheld returns what a reverse_proxy needs first in its handle_response,
// so that a withheld answer ends there: nothing is written, no retry is made, and
// nothing is held against the worker.
func HandleWithheld() caddyhttp.ResponseHandler {
	return caddyhttp.ResponseHandler{Match: &caddyhttp.ResponseMatcher{StatusCode: []int{statusWithheld}}}
}

// hear takes note of an answer that a worker does not recognise the request, and
// withholds it if the healer says so.
func (a *Attempt) hear(res *http.Response) {
	if !looksUnrecognised(res) || !saysUnrecognised(res) {
		return
	}
	a.word = unrecognised
	if a.Healer.Withhold() {
		_ = res.Body.Close() // whose end was read
		a.word, res.StatusCode, res.Body = withheld, statusWithheld, http.NoBody
	}
}

// looksUnrecognised reports whether an answer looks by its header as if the
// endpoint were unknown to the worker.
func looksUnrecognised(res *http.Response) bool {
	status := res.StatusCode
	return (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) &&
		strings.HasPrefix(res.Header.Get("Content-Type"), "application/json")
}

// longestWord bounds what is read of an answer to see what it says, in bytes.
// Synapse's word is short.
const longestWord = 4 << 10

// saysUnrecognised reports whether an answer says that the endpoint is unknown. What
// was read of it is put back.
func saysUnrecognised(res *http.Response) bool {
	word, err := readWord(res.Body)
	res.Body = putBack{io.MultiReader(bytes.NewReader(word), res.Body), res.Body}
	if err == nil && res.Header.Get("Content-Encoding") == "gzip" {
		word, err = unzip(word)
	}
	var said struct {
		Code string `json:"errcode"`
	}
	return err == nil && json.Unmarshal(word, &said) == nil && said.Code == "M_UNRECOGNIZED"
}

var errLongWord = errors.New("longer than any word of Synapse")

// readWord reads a word, or the beginning of what is none.
func readWord(r io.Reader) ([]byte, error) {
	word, err := io.ReadAll(io.LimitReader(r, longestWord+1))
	if err == nil && len(word) > longestWord {
		err = errLongWord
	}
	return word, err
}

// unzip unpacks a word. Synapse packs it for clients that can unpack it if the
// listener has `compress: true` (1.163.2, app/homeserver.py gz_wrap).
func unzip(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return readWord(r)
}

// putBack is the body of an answer whose beginning was read before.
type putBack struct {
	io.Reader
	io.Closer
}
