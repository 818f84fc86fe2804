package upstream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// A forgery is a way to choose one's key: nobody has checked yet what these
// requests claim. Neither the names of the workers nor the hash are secret, so
// whoever chooses the key chooses the worker.
type forgery struct {
	name    string
	key     func(claim string) sticky.Key
	request func(claim string) *http.Request
}

var forgeries = []forgery{
	{"tokens", sticky.User, func(user string) *http.Request {
		return claiming(http.MethodGet, "/_matrix/client/v3/sync?since=s1", "Bearer "+tokentest.Synapse(user, "x"))
	}},
	{"origins", originKey, func(server string) *http.Request {
		return claiming(http.MethodPut, "/_matrix/federation/v1/send/1", xMatrix(server))
	}},
	{"room ids", sticky.Room, func(room string) *http.Request {
		return claiming(http.MethodPut, "/_matrix/client/v3/rooms/"+room+"/send/m.room.message/1", "Bearer x")
	}},
}

func claiming(method, target, authorization string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", authorization)
	return r
}

func xMatrix(origin string) string {
	return fmt.Sprintf(`X-Matrix origin="%s",key="ed25519:1",sig="x"`, origin)
}

func originKey(origin string) sticky.Key {
	key, _ := sticky.Origin([]string{xMatrix(origin)})
	return key
}

const (
	victim   = 5 // of eight
	attacker = 10_000
	honest   = 2000
)

// aimed returns n claims, found by trying, whose keys the victim suits best.
func (f forgery) aimed(n int, seeds []sticky.Seed) []string {
	claims := make([]string, 0, n)
	for i := 0; len(claims) < n; i++ {
		claim := fmt.Sprintf("forged%d", i)
		if f.ranking(claim, seeds)[0] == victim {
			claims = append(claims, claim)
		}
	}
	return claims
}

// ranking lists the workers, the one that suits the key of a claim best first.
func (f forgery) ranking(claim string, seeds []sticky.Seed) (ranked []int) {
	walk := sticky.Rank(seeds, f.key(claim))
	for w, ok := walk.Next(); ok; w, ok = walk.Next() {
		ranked = append(ranked, w)
	}
	return ranked
}

// A manner is a way in which requests are sent and counted, each by itself.
type manner struct {
	name string
	send func(s *Sticky, pool reverseproxy.UpstreamPool, r *http.Request) *reverseproxy.Upstream
}

var (
	shortRequests = manner{"short requests", attempted(false)}
	longPolls     = manner{"long polls", attempted(true)}
	onItsOwn      = manner{"reverse_proxy on its own", func(s *Sticky, pool reverseproxy.UpstreamPool, r *http.Request) *reverseproxy.Upstream {
		up := s.Select(pool, r, nil)
		setInFlight(up, up.NumRequests()+1)
		return up
	}}
)

// attempted sends a request as a handler with several pools does, and leaves it
// in flight.
func attempted(long bool) func(*Sticky, reverseproxy.UpstreamPool, *http.Request) *reverseproxy.Upstream {
	return func(s *Sticky, pool reverseproxy.UpstreamPool, r *http.Request) *reverseproxy.Upstream {
		match := classify(r)
		a := &Attempt{Key: KeyOf(match.Class.Key(), match.ID(), r), LongPoll: long}
		return s.Select(pool, a.Attach(r), nil)
	}
}

// crowd mixes the requests of honest people, each with a claim of their own,
// with those of an attacker.
func (f forgery) crowd(forged []string) []*http.Request {
	requests := make([]*http.Request, 0, honest+len(forged))
	for i := range honest {
		requests = append(requests, f.request(fmt.Sprintf("honest%d", i)))
	}
	for _, claim := range forged {
		requests = append(requests, f.request(claim))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(requests), func(i, j int) {
		requests[i], requests[j] = requests[j], requests[i]
	})
	return requests
}

// A siege is a pool of eight under attack: nothing that is sent ever ends.
type siege struct {
	pool     reverseproxy.UpstreamPool
	s        *Sticky
	inFlight []int
	total    int
}

func newSiege(t *testing.T) *siege {
	pool := poolOf(names(8)...)
	return &siege{pool: pool, s: boundTo(t, pool), inFlight: make([]int, len(pool))}
}

func (s *siege) send(m manner, r *http.Request) (worker int) {
	worker = slices.Index(s.pool, m.send(s.s, s.pool, r))
	s.inFlight[worker]++
	s.total++
	return worker
}

// share is what one worker may have: 1.25 times the mean, and the floor.
func (s *siege) share() int {
	mean := float64(s.total) / float64(len(s.pool))
	return max(int(math.Ceil(sticky.Default.Factor*mean)), sticky.Default.Floor+1)
}

// hasRoomForGuests reports whether a worker takes the keys of another one.
func (s *siege) hasRoomForGuests(worker int) bool {
	return sticky.Default.Guests().Admits(s.inFlight[worker], s.total, len(s.pool))
}

func seedsOf(pool reverseproxy.UpstreamPool) []sticky.Seed {
	seeds := make([]sticky.Seed, len(pool))
	for i, up := range pool {
		seeds[i] = sticky.SeedOf(up.Dial)
	}
	return seeds
}

// An attacker who aims 10,000 keys at one worker never gets it more than its
// share. The others share alike what it does not take.
func TestForgedKeysSinkNoWorker(t *testing.T) {
	for _, f := range forgeries {
		requests := f.crowd(f.aimed(attacker, seedsOf(poolOf(names(8)...))))
		for _, m := range []manner{shortRequests, longPolls, onItsOwn} {
			t.Run(f.name+"/"+m.name, func(t *testing.T) {
				s := newSiege(t)
				for _, r := range requests {
					if w := s.send(m, r); s.inFlight[w] > s.share() {
						t.Fatalf("a worker has %d of %d requests in flight", s.inFlight[w], s.total)
					}
				}
				others := slices.Delete(slices.Clone(s.inFlight), victim, victim+1)
				mean := float64(s.total-s.inFlight[victim]) / float64(len(others))
				if most := slices.Max(others); float64(most) > 1.1*mean {
					t.Errorf("the overflow is shared as %v", others)
				}
			})
		}
	}
}

// One key for all of them gives every worker of its ranking its share, and none
// more.
func TestOneForgedKeySinksNoWorker(t *testing.T) {
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			s := newSiege(t)
			for _, r := range f.crowd(slices.Repeat(f.aimed(1, seedsOf(s.pool)), attacker)) {
				if w := s.send(shortRequests, r); s.inFlight[w] > s.share() {
					t.Fatalf("a worker has %d of %d requests in flight", s.inFlight[w], s.total)
				}
			}
		})
	}
}

// Without a bound the same attack sinks its victim.
func TestForgedKeysWithoutBound(t *testing.T) {
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			s := newSiege(t)
			s.s.bound = sticky.Bound{}
			for _, claim := range f.aimed(1000, seedsOf(s.pool)) {
				s.send(shortRequests, f.request(claim))
			}
			if s.inFlight[victim] != s.total {
				t.Errorf("they do not reach the worker that they are aimed at: %v", s.inFlight)
			}
		})
	}
}

// Who is not at home on the worker under attack notices nothing. Who is gets
// what it has left, or the next worker of the ranking that has room for guests.
func TestForgedKeysLeaveOthersAtHome(t *testing.T) {
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			s := newSiege(t)
			seeds := seedsOf(s.pool)
			for i, forged := range f.aimed(attacker, seeds) {
				s.send(shortRequests, f.request(forged))
				if i%5 != 0 {
					continue
				}
				claim := fmt.Sprintf("honest%d", i)
				ranked := f.ranking(claim, seeds)
				next := slices.IndexFunc(ranked[1:], s.hasRoomForGuests) + 1
				got := s.send(shortRequests, f.request(claim))
				if got != ranked[0] && (ranked[0] != victim || got != ranked[next]) {
					t.Fatalf("after %d requests %d serves who is at home on %v in turn", s.total, got, ranked)
				}
			}
		})
	}
}

// Long polls that pile up on a worker send no short request away, and the other
// way round.
func TestForgedKeysOfAnotherManner(t *testing.T) {
	for _, f := range forgeries {
		for _, m := range [][2]manner{{longPolls, shortRequests}, {shortRequests, longPolls}} {
			t.Run(f.name+"/"+m[0].name, func(t *testing.T) {
				s := newSiege(t)
				claims := f.aimed(1000, seedsOf(s.pool))
				for _, claim := range claims {
					s.send(m[0], f.request(claim))
				}
				for _, claim := range claims[:sticky.Default.Floor] {
					if got := s.send(m[1], f.request(claim)); got != victim {
						t.Fatalf("they send %s away", m[1].name)
					}
				}
			})
		}
	}
}
