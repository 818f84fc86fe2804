package standin

import (
	"fmt"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// PoolHeader tells who answered.
const PoolHeader = "X-Pool"

// sizes are how many bytes an answer of Synapse has, roughly, where it is not a
// short piece of JSON: a sync that brings a message, a page of a room, the keys
// of a few people, a thumbnail.
var sizes = map[endpoint.Class]int{
	endpoint.ClassSync:               2 << 10,
	endpoint.ClassInitialSync:        16 << 10,
	endpoint.ClassSlidingSync:        3 << 10,
	endpoint.ClassInitialSlidingSync: 6 << 10,
	endpoint.ClassRoomRead:           8 << 10,
	endpoint.ClassClientRead:         500,
	endpoint.ClassKeys:               3 << 10,
	endpoint.ClassFederationRead:     4 << 10,
	endpoint.ClassMedia:              16 << 10,
	endpoint.ClassPublic:             1 << 10,
}

const usualSize = 40

// answers are those of the workers of a pool, by class, ready to be sent.
type answers [endpoint.ClassCount][]byte

func newAnswers(pool string) *answers {
	var all answers
	for _, class := range endpoint.Classes() {
		size, ok := sizes[class]
		if !ok {
			size = usualSize
		}
		kind := "application/json"
		if class == endpoint.ClassMedia {
			kind = "image/png"
		}
		all[class] = render(pool, kind, filler(size))
	}
	return &all
}

// filler is JSON of a size.
func filler(size int) string {
	const before, after = `{"chunk":"`, `"}`
	return before + strings.Repeat("x", size-len(before)-len(after)) + after
}

// render writes an answer with the headers that Synapse's have.
func render(pool, kind, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\n"+
		"Server: Synapse/1.163.2\r\n"+
		"Date: Wed, 25 Nov 2026 12:00:00 GMT\r\n"+
		"Content-Type: %s\r\n"+
		"Cache-Control: no-cache, no-store, must-revalidate\r\n"+
		"Access-Control-Allow-Origin: *\r\n"+
		"Access-Control-Allow-Methods: GET, HEAD, POST, PUT, DELETE, OPTIONS\r\n"+
		"Access-Control-Allow-Headers: X-Requested-With, Content-Type, Authorization, Date\r\n"+
		PoolHeader+": %s\r\n"+
		"Content-Length: %d\r\n\r\n%s", kind, pool, len(body), body)
}

// user answers whose token it is: a token of Matrix Authentication Service
// belongs to the user whose number stands in it.
func user(pool, token string) []byte {
	token, _, _ = strings.Cut(strings.TrimPrefix(token, "mat_"), "_")
	return render(pool, "application/json", fmt.Sprintf(`{"user_id":"@%s:example.org","is_guest":false}`, token))
}
