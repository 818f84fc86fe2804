package main

import "math/rand/v2"

// couple is two values of two axes that one request brings together.
type couple struct {
	axes   [2]int
	values [2]string
}

func (c choice) couples() []couple {
	values := [...]string{c.method, c.version, c.variant, c.auth}
	var all []couple
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			all = append(all, couple{[2]int{i, j}, [2]string{values[i], values[j]}})
		}
	}
	return all
}

// cover takes so many of the choices that each two values of two axes meet at least once: always those that must be
// there, then the one that brings most new couples together, until none is new.
func cover(all []choice, must func(choice) bool, random *rand.Rand) []choice {
	met := make(map[couple]bool)
	var taken, rest []choice
	take := func(c choice) {
		taken = append(taken, c)
		for _, couple := range c.couples() {
			met[couple] = true
		}
	}
	for _, c := range all {
		if must(c) {
			take(c)
		} else {
			rest = append(rest, c)
		}
	}
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for {
		best, most := -1, 0
		for i, c := range rest {
			fresh := 0
			for _, couple := range c.couples() {
				if !met[couple] {
					fresh++
				}
			}
			if fresh > most {
				best, most = i, fresh
			}
		}
		if best < 0 {
			return taken
		}
		take(rest[best])
	}
}
