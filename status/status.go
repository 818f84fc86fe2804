// Package status is the shape in which the proxy tells how it and the workers of
// Synapse fare, and what can be concluded from that. It is pure: whoever runs the
// pools fills it in. Nothing in it names a user, a room or a token.
package status

import "time"

// Status is how everything fares at one moment.
type Status struct {
	// When that was.
	Time time.Time `json:"time"`

	// The homeservers of the running configuration, each with its pools. One
	// that several sites or ports serve alike is one.
	Homeservers []Homeserver `json:"homeservers"`
}

// Homeserver is a set of pools that one or more sites route requests to.
type Homeserver struct {
	// The address of the main process, or what finds it.
	Main string `json:"main"`

	// The hosts of the sites that route to it, sorted. Empty if they serve any.
	Hosts []string `json:"hosts"`

	// The release of Synapse that requests are routed for.
	Release string `json:"synapse_version"`

	// The pools: main first, then in the order of the configuration.
	Pools []Pool `json:"pools"`

	// Where each endpoint class goes, in the order of the documentation.
	Classes []Class `json:"classes"`

	// What is counted, by class and pool, of those that there was a request of.
	Traffic []Traffic `json:"traffic"`

	// The requests that fell to the main process since all workers of their
	// pools are down.
	Fallen Fallen `json:"fallen"`

	// How tokens were known that do not name their user, and how look-ups ended,
	// counted by a word each.
	LookUps LookUps `json:"look_ups"`

	// What is remembered of whose tokens are whose. Left out if Synapse is never
	// asked.
	Identity *Identity `json:"identity,omitempty"`

	// What somebody should look after, in words: what is wrong now before what is
	// odd in the configuration.
	Warnings []string `json:"warnings"`
}

// Pool is a set of workers that serve the same requests.
type Pool struct {
	// The name: its first worker type, with the fence behind an `@`.
	Name string `json:"pool"`

	// The worker types. Empty for main and for Matrix Authentication Service.
	Types []string `json:"types"`

	// Whether requests are routed to it at all.
	Routed bool `json:"routed"`

	// Whether its workers are found while it runs, by DNS for example. Those are
	// listed that were asked.
	Dynamic bool `json:"dynamic,omitempty"`

	// How many requests are with the pool: in flight, or waiting for a worker.
	InFlight int `json:"in_flight"`

	// Whether so many of its workers fail their health checks that these are not
	// believed.
	HealthIgnored bool `json:"health_ignored,omitempty"`

	// Whether every worker that is not drained looks down, so that requests go to
	// the next pool.
	Deserted bool `json:"deserted,omitempty"`

	// How often a request was sent again, to another worker of the pool or of the
	// one before it.
	Retries int64 `json:"retries"`

	// How many requests went on to which pool, since this one was deserted.
	Falls map[string]int64 `json:"falls"`

	// How many users, rooms and other keys of a sample were seen in the last five
	// minutes, and how many of them have changed their worker.
	Keys  int64 `json:"keys"`
	Moved int64 `json:"moved"`

	// The workers, in the order of the configuration.
	Workers []Worker `json:"workers"`
}

// Worker is one process of Synapse, as one pool sees it.
type Worker struct {
	// The name in the configuration, else the address.
	Name string `json:"worker"`

	// Where it listens, as the configuration says.
	Address string `json:"address"`

	// Whether it gets requests, and why not.
	State State `json:"state"`

	// What happened to it, in words, if it is paused or down.
	Cause string `json:"cause,omitempty"`

	// Whether health checks, or the operator's own passive ones, say that it is
	// down. A drained worker may be down too: it is being restarted.
	LooksDown bool `json:"looks_down,omitempty"`

	// How many requests are in flight, but for long polls.
	Requests int `json:"requests"`

	// How many long polls are in flight: requests that wait for news.
	LongPolls int `json:"long_polls"`

	// How many requests were sent to it, long polls included, since this process
	// knows it, and why to it: `best` is the first choice; `overflow`, `failover`,
	// `warming` and `drained` say what the first choice was. Empty if the pool's
	// selection policy does not tell.
	Chosen map[string]int64 `json:"chosen"`

	// How many of them it did not answer, by its own fault.
	Failures int64 `json:"failures"`

	// Those of them that are no long polls.
	Short Short `json:"short"`

	// Whether the admin API can drain it.
	Drainable bool `json:"drainable,omitempty"`

	// What drained the worker: `config`, `admin` or both.
	DrainedBy []string `json:"drained_by,omitempty"`

	// Since when it is away, as far as requests saw it.
	AwaySince time.Time `json:"away_since,omitzero"`

	// Since when it takes back its users and rooms.
	BackSince time.Time `json:"back_since,omitzero"`
}

// Short counts requests that are answered at once, and how long the worker was
// busy with them in all, in seconds.
type Short struct {
	Requests int64   `json:"requests"`
	Seconds  float64 `json:"seconds"`
}

// Class is where the requests of an endpoint class go.
type Class struct {
	Name string `json:"class"`

	// The pools, each asked if every worker of those before it is down. Those
	// with an `@` take only what the matcher of that name lets in.
	Pools []string `json:"pools"`

	// Why they go there, in words.
	Why string `json:"why"`

	// What keeps requests together on one worker, in words.
	Together string `json:"together"`
}

// Fallen counts the requests that fell to the main process.
type Fallen struct {
	InFlight int `json:"in_flight"`

	// How many may at a time; beyond that they are answered with 429. -1 is no
	// limit.
	Limit int `json:"limit"`
}

// LookUps counts what became of tokens that do not name their user.
type LookUps struct {
	// Requests: `hit`, `stale` and `learned` tokens are known, `missed` ones are not.
	Recalls map[string]int64 `json:"recalls"`

	// Look-ups: `named`, `refused`, `failed`, `crowded` and `skipped`.
	Ended map[string]int64 `json:"ended"`
}

// Identity is how well the users of tokens are known that do not name them.
type Identity struct {
	// How many tokens are remembered, and how many could be.
	Tokens   int `json:"tokens"`
	Capacity int `json:"capacity"`

	// Whether look-ups fail, so that Synapse is left alone but for one a second.
	Failing bool `json:"failing,omitempty"`
}
