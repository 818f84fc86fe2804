package main

import (
	"encoding/json"
	"os"
)

// An identity is a user with all that a path may name.
type identity struct {
	Kind      string
	Homeless  bool // without a room, which takes longest to make
	Localpart string
	User      string
	Token     string
	Device    string
	Room      string
	Event     string
	Alias     string
	Filter    string
}

// A cast is everybody who plays. They exist on both sides, for one side is a copy of the other.
type cast struct {
	Server string
	Media  string
	Lanes  map[string][]*identity // by kind
	Owners []*identity            // in the order of the plan's owned pairs
	Spares map[string][]*identity // by kind
}

// save writes the cast to a file that only its owner reads: there are tokens in it.
func (c *cast) save(name string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}

func loadCast(name string) (*cast, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c := new(cast)
	return c, json.Unmarshal(text, c)
}
