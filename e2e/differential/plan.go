package main

import (
	"math/rand/v2"
	"strings"
)

// A pair is a request that both sides get.
type pair struct {
	number int
	*template
	choice
}

// kind is the kind of user that a pair needs: the spelling of ids is the client's, but what is in them is the user's.
func (p pair) kind() string {
	if p.variant == "escaped" {
		return "plain"
	}
	return p.variant
}

// homeless reports whether the path names nothing of a user's room.
func (p pair) homeless() bool {
	return !strings.Contains(p.path, "{room") && !strings.Contains(p.path, "{event")
}

// own reports whether the call uses its user up.
func (p pair) own() bool {
	return p.operations[p.method].own && p.auth == "valid"
}

// kinds are all kinds of users.
var kinds = []string{"plain", "slash", "v12"}

// lanesOf says how many users of a kind ask at the same time, each for one thing after the other. Most pairs have no
// ids, or plain ones.
var lanesOf = map[string]int{"plain": 8, "slash": 3, "v12": 3}

// sparesOf says how many users of a kind wait for a second look at a difference.
const sparesOf = 3

// A plan is the same in every process with the same seed.
type plan struct {
	lanes map[string][][]pair // by kind
	owned []pair              // each with a user of its own
	total int
}

func newPlan(templates []*template, full bool, seed uint64) *plan {
	random := rand.New(rand.NewPCG(seed, seed))
	var pairs []pair
	for _, t := range templates {
		choices := t.choices()
		if !full {
			choices = cover(choices, t.essential, random)
		}
		for _, c := range choices {
			pairs = append(pairs, pair{template: t, choice: c})
		}
	}
	random.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return share(pairs)
}

// share deals the pairs out to the lanes.
func share(pairs []pair) *plan {
	p := &plan{lanes: make(map[string][][]pair), total: len(pairs)}
	for kind, n := range lanesOf {
		p.lanes[kind] = make([][]pair, n)
	}
	for i, pair := range pairs {
		pair.number = i
		if pair.own() {
			p.owned = append(p.owned, pair)
			continue
		}
		lanes := p.lanes[pair.kind()]
		lane := i % len(lanes)
		lanes[lane] = append(lanes[lane], pair)
	}
	return p
}

// lanes counts the lanes of all kinds.
func lanes(p *plan) (n int) {
	for _, queues := range p.lanes {
		n += len(queues)
	}
	return n
}
