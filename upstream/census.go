package upstream

// census is what a request finds out about a pool as a whole: whether to
// believe that workers are down, and whether there is anyone to choose.
// Drained workers do not count.
type census struct {
	counted  bool
	deserted bool // none of those who stay looks up
	blind    bool // so many fail their health checks that these are ignored
}

// disbelieved reports whether a worker that looks down is taken to be up. What
// requests saw of it is believed in any case.
func (c *choice) disbelieved(i int) bool {
	c.count()
	return c.blind && !c.leftAlone(i)
}

// count takes the census, once. If most workers that look up are just back, it
// ends their slow start: nobody else could take what they leave.
func (c *choice) count() {
	if c.counted {
		return
	}
	c.counted = true
	var all, healthy, up, back int
	for i, w := range c.workers {
		if c.drains(i) {
			continue
		}
		all++
		if c.upstreams[i].Healthy() {
			healthy++
		}
		if !c.up(i) {
			continue
		}
		up++
		if w.absence.none() {
			continue
		}
		if _, slow := w.absence.back(c.now(), c.slowStart); slow {
			back++
		}
	}
	c.deserted, c.blind = up == 0, up > 0 && 2*healthy < all
	if 2*back > up {
		c.warmUp()
	}
}

// warmUp ends the slow start of all workers that are up.
func (c *choice) warmUp() {
	for i, w := range c.workers {
		if c.up(i) && !c.drains(i) {
			w.absence.end()
		}
	}
}
