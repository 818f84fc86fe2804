package http1

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// frame is how the end of an answer's body is known.
type frame uint8

const (
	none     frame = iota // there is no body
	fixed                 // after Content-Length bytes
	chunked               // after the last chunk and the trailers
	toTheEnd              // when the connection closes
)

// frameOf finds how an answer to a request with this method ends, and fills in
// what the answer says of it: RFC 9112, section 6.3. What could be read in two
// ways is refused.
func frameOf(resp *http.Response, method string) (frame, error) {
	isChunked, err := transferEncoding(resp)
	if err != nil {
		return none, err
	}
	length, err := contentLength(resp.Header)
	if err != nil {
		return none, err
	}
	resp.Close = resp.ProtoMinor == 0 || httpguts.HeaderValuesContainsToken(resp.Header["Connection"], "close")
	if isChunked {
		resp.TransferEncoding = []string{"chunked"}
		if resp.Trailer, err = announcedTrailers(resp.Header); err != nil {
			return none, err
		}
	}
	switch {
	case method == http.MethodHead:
		resp.ContentLength = length
		return none, nil
	case resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified:
		return none, nil
	case isChunked:
		resp.ContentLength = -1
		return chunked, nil
	case length == 0:
		return none, nil
	case length > 0:
		resp.ContentLength = length
		return fixed, nil
	}
	resp.ContentLength, resp.Close = -1, true
	return toTheEnd, nil
}

// transferEncoding reports whether the answer is chunked. There is no other
// encoding, and none beside a Content-Length.
func transferEncoding(resp *http.Response) (bool, error) {
	codings, ok := resp.Header["Transfer-Encoding"]
	if !ok {
		return false, nil
	}
	switch _, both := resp.Header["Content-Length"]; {
	case both:
		return false, errBothWays
	case resp.ProtoMinor == 0:
		return false, errOldChunks
	case len(codings) != 1 || !strings.EqualFold(codings[0], "chunked"):
		return false, malformed("Transfer-Encoding", codings)
	}
	delete(resp.Header, "Transfer-Encoding")
	return true, nil
}

// contentLength returns the length that an answer tells, -1 if it tells none.
// It may tell it twice, but not two lengths.
func contentLength(h http.Header) (int64, error) {
	lengths := h["Content-Length"]
	if len(lengths) == 0 {
		return -1, nil
	}
	first := textproto.TrimString(lengths[0])
	for _, other := range lengths[1:] {
		if textproto.TrimString(other) != first {
			return 0, errLengths
		}
	}
	if len(lengths) > 1 {
		h["Content-Length"] = []string{first}
	}
	length, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, malformed("Content-Length", first)
	}
	return int64(length), nil
}

// announcedTrailers moves the names of the trailers that will come out of the
// header.
func announcedTrailers(h http.Header) (http.Header, error) {
	lists, ok := h["Trailer"]
	if !ok {
		return nil, nil
	}
	delete(h, "Trailer")
	trailers := make(http.Header)
	for _, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			name = textproto.TrimString(name)
			if name == "" {
				continue
			}
			if !httpguts.ValidTrailerHeader(name) {
				return nil, errTrailer
			}
			trailers[http.CanonicalHeaderKey(name)] = nil
		}
	}
	if len(trailers) == 0 {
		return nil, nil
	}
	return trailers, nil
}
