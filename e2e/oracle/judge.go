package oracle

import "fmt"

// processOf tells which kind of process the workers of a pool are. All others are generic workers with some job.
var processOf = map[string]string{
	"main":                      "main",
	"media_repository":          "media",
	"quarantined_media_changes": "media",
}

// judge compares the plugin's answer with what Synapse's processes do, and says what is wrong with it, if anything.
func (s setup) judge(r request, x explanation) string {
	if x.ServedBy != "proxy" {
		return "no process is asked: served by " + x.ServedBy
	}
	if x.Pools[0] == "mas" {
		return ""
	}
	if x.Pools[0] == "main" {
		for _, kind := range []string{"worker", "media"} {
			if s[kind].answer(r.Method, r.URI) == serves {
				return fmt.Sprintf("kept on main (class %s), though a process with %s resources serves it", x.Class, kind)
			}
		}
	}
	for _, pool := range x.Pools {
		if fault := s.fits(r, x, pool); fault != "" {
			return fault
		}
	}
	return ""
}

// fits tells what is wrong with one pool of the way that a request takes.
func (s setup) fits(r request, x explanation, pool string) string {
	kind, ok := processOf[pool]
	if !ok {
		kind = "worker"
	}
	answer := s[kind].answer(r.Method, r.URI)
	switch {
	case answer == serves, answer == denies && x.Hard:
		return ""
	case answer == denies:
		return fmt.Sprintf("sent to %s (class %s), though only the writer of a stream serves it", pool, x.Class)
	case s.unknown(r):
		return "" // of a path that nobody serves, anybody may say so
	default:
		return fmt.Sprintf("sent to %s (class %s), which does not serve it", pool, x.Class)
	}
}

// unknown reports whether no process serves a request, as when a pattern before the one that was sampled takes it.
func (s setup) unknown(r request) bool {
	for _, p := range s {
		if p.answer(r.Method, r.URI) != refuses {
			return false
		}
	}
	return true
}
