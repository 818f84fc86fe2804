package traffic

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// How many of each there are.
const (
	users   = 400
	rooms   = 100
	servers = 60
	media   = 300
)

// kind is a sort of request, and how many of a hundred are of it.
type kind struct {
	share int
	make  func(*population) Request
}

// kinds: mostly syncs, as on every homeserver. A sync brings something at once
// (timeout=0): how long polls wait is measured apart.
var kinds = []kind{
	{38, (*population).sync},
	{2, (*population).initialSync},
	{14, (*population).slidingSync},
	{1, (*population).initialSlidingSync},
	{8, (*population).send},
	{4, (*population).typing},
	{4, (*population).receipt},
	{10, (*population).transaction},
	{4, (*population).stateIDs},
	{7, (*population).thumbnail},
	{3, (*population).keysQuery},
	{1, (*population).messages},
	{1, (*population).accountData},
	{1, (*population).versions},
	{2, (*population).miss},
}

// Mix makes a repeatable mix of so many requests.
func Mix(count int) []Request {
	p := newPopulation()
	var requests []Request
	for _, kind := range kinds {
		for range max(1, count*kind.share/100) {
			requests = append(requests, kind.make(p))
		}
	}
	p.random.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
	return requests
}

// Polls are syncs that wait, each of another user.
func Polls(count int) []Request {
	polls := make([]Request, count)
	for i := range polls {
		polls[i] = client("GET", "/_matrix/client/v3/sync?since=s72594_4483_1934_231&timeout=30000",
			tokentest.Synapse(fmt.Sprintf("user%d", i), "abcdefghijABCDEFGHIJ"), "")
	}
	return polls
}

// Repeated makes many users send the same request without a body.
func Repeated(method, target string) []Request {
	p := newPopulation()
	requests := make([]Request, users)
	for i := range requests {
		requests[i] = client(method, target, p.tokens[i], "")
	}
	return requests
}

// population is who sends requests, and about what.
type population struct {
	random *rand.Rand
	tokens []string
	rooms  []string
	count  int
}

// newPopulation: every second user has a token of Synapse, the others have
// tokens that do not say whose they are. Three of ten rooms have ids without a
// domain, as since room version 12, and every second one is written escaped.
func newPopulation() *population {
	p := &population{random: rand.New(rand.NewPCG(6, 6))}
	for i := range users {
		token := tokentest.Synapse(fmt.Sprintf("user%d", i), letters(p.random, 20))
		if i%2 == 1 {
			token = tokentest.MAS(letters(p.random, 30))
		}
		p.tokens = append(p.tokens, token)
	}
	for i := range rooms {
		id := "!" + letters(p.random, 18) + ":example.org"
		if i%10 < 3 {
			id = "!" + letters(p.random, 43)
		}
		if i%2 == 1 {
			id = strings.NewReplacer("!", "%21", ":", "%3A").Replace(id)
		}
		p.rooms = append(p.rooms, id)
	}
	return p
}

func letters(random *rand.Rand, count int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, count)
	for i := range b {
		b[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(b)
}

func (p *population) token() string { return p.tokens[p.random.IntN(users)] }
func (p *population) room() string  { return p.rooms[p.random.IntN(rooms)] }

func (p *population) origin() string {
	return fmt.Sprintf("matrix%d.example.net", p.random.IntN(servers))
}

// next numbers what must not repeat, such as transactions.
func (p *population) next() int {
	p.count++
	return p.count
}

func (p *population) sync() Request {
	return client("GET", fmt.Sprintf("/_matrix/client/v3/sync?filter=0&timeout=0&set_presence=online&since=s%d_4483_1934_231_1_1_88_4_0_1", p.next()),
		p.token(), "")
}

func (p *population) initialSync() Request {
	return client("GET", "/_matrix/client/v3/sync?filter=0&timeout=0", p.token(), "")
}

func (p *population) slidingSync() Request {
	return client("POST", fmt.Sprintf("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?pos=%d/s1234_5678&timeout=0", p.next()),
		p.token(), slidingBody)
}

func (p *population) initialSlidingSync() Request {
	return client("POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0", p.token(), slidingBody)
}

func (p *population) send() Request {
	return client("PUT", fmt.Sprintf("/_matrix/client/v3/rooms/%s/send/m.room.encrypted/m%d.7", p.room(), p.next()), p.token(),
		`{"algorithm":"m.megolm.v1.aes-sha2","device_id":"ABCDEFGHIJ","ciphertext":"`+letters(p.random, 500)+`"}`)
}

func (p *population) typing() Request {
	return client("PUT", fmt.Sprintf("/_matrix/client/v3/rooms/%s/typing/%%40user%d%%3Aexample.org", p.room(), p.random.IntN(users)),
		p.token(), `{"typing":true,"timeout":20000}`)
}

func (p *population) receipt() Request {
	return client("POST", fmt.Sprintf("/_matrix/client/v3/rooms/%s/receipt/m.read/%%24%s", p.room(), letters(p.random, 43)), p.token(), `{}`)
}

func (p *population) transaction() Request {
	return server("PUT", fmt.Sprintf("/_matrix/federation/v1/send/%d", 1764000000000+p.next()), p.origin(),
		`{"origin":"matrix.example.net","origin_server_ts":1764000000000,"pdus":[{"content":{"body":"`+letters(p.random, 1200)+`"}}]}`)
}

func (p *population) stateIDs() Request {
	return server("GET", fmt.Sprintf("/_matrix/federation/v1/state_ids/%s?event_id=%%24%s", p.room(), letters(p.random, 43)), p.origin(), "")
}

func (p *population) thumbnail() Request {
	return client("GET", fmt.Sprintf("/_matrix/client/v1/media/thumbnail/example.org/media%d?width=96&height=96&method=crop", p.random.IntN(media)), p.token(), "")
}

func (p *population) keysQuery() Request {
	return client("POST", "/_matrix/client/v3/keys/query", p.token(), `{"device_keys":{"@user1:example.org":[],"@user2:example.org":[]}}`)
}

func (p *population) messages() Request {
	return client("GET", fmt.Sprintf("/_matrix/client/v3/rooms/%s/messages?limit=30&dir=b&from=t%d", p.room(), p.next()), p.token(), "")
}

func (p *population) accountData() Request {
	user := p.random.IntN(users)
	return client("PUT", fmt.Sprintf("/_matrix/client/v3/user/@user%d:example.org/account_data/im.vector.setting", user), p.token(), `{"enabled":true}`)
}

func (*population) versions() Request {
	return client("GET", "/_matrix/client/versions", "", "")
}

func (p *population) miss() Request {
	return client("GET", "/_matrix/client/v3/pushers", p.token(), "")
}

const slidingBody = `{"conn_id":"room-list","lists":{"all_rooms":{"ranges":[[0,99]],"timeline_limit":1,` +
	`"required_state":[["m.room.name",""],["m.room.encryption",""],["m.room.member","$LAZY"],["m.room.member","$ME"],["m.room.topic",""],["m.room.avatar",""],["m.room.canonical_alias",""]]}},` +
	`"extensions":{"to_device":{"enabled":true},"e2ee":{"enabled":true},"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true}}}`
