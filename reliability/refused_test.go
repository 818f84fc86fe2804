//go:build linux && reliability

package reliability

import (
	"fmt"
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Workers that refuse connections cost those who belong there next to nothing:
// 99 in 100 wait at most 5 ms longer than others, or twice as long on a slow
// machine. From then on each is asked once a second at most.
func TestRefusingWorkersCostLittle(t *testing.T) {
	const worst, pairs = 5 * time.Millisecond, 200
	w := newRefusing(t, 4*pairs, 2*pairs)
	refused, usual := w.users(pairs)
	start := time.Now()
	answers := w.proxy.each(4, 2*pairs, func(n int) call {
		if n%2 == 0 {
			return w.call("refused", refused[n/2])
		}
		return w.call("usual", usual[n/2])
	})
	report(t, answers)
	wantNone(t, "refused", failed(answers))
	if n := w.refusals(); len(n) != pairs {
		t.Fatalf("%d of %d workers have refused a request", len(n), pairs)
	}
	took, others := percentile(durations(ofKind(answers, "refused")), 99), percentile(durations(ofKind(answers, "usual")), 99)
	t.Logf("p99 %v of %d requests that were refused once, and %v of as many others: %v more", took, pairs, others, took-others)
	if took-others > max(worst, others) {
		t.Errorf("p99 is %v when a worker refuses, and %v otherwise", took, others)
	}

	answers = w.proxy.each(8, sized(4000, 40_000), func(n int) call { return w.call("later", refused[n%pairs]) })
	report(t, answers)
	wantNone(t, "later", failed(answers))
	seconds := int(math.Ceil(time.Since(start).Seconds()))
	most := 0
	for _, n := range w.refusals() {
		most = max(most, n)
	}
	t.Logf("in %d s no worker refused more than %d times", seconds, most)
	if most > 1+seconds {
		t.Errorf("a worker refused %d times in %d s", most, seconds)
	}
}

// refusing is a pool of many workers, of which some refuse connections. The others
// are one process, at as many addresses.
type refusing struct {
	proxy *proxy
	names []string
}

func newRefusing(t *testing.T, there, gone int) *refusing {
	f := employ(t, "main")
	port := func(address string) string {
		_, port, _ := net.SplitHostPort(address)
		return port
	}
	process := f.place("process", "0.0.0.0:"+port(freeAddress(t)))
	process.start()
	w := new(refusing)
	var pool []string
	add := func(kind string, network, n int, port string) {
		for i := range n {
			name := fmt.Sprint(kind, i)
			w.names = append(w.names, name)
			pool = append(pool, fmt.Sprintf("%s=127.%d.%d.%d:%s", name, network, i/250, 1+i%250, port))
		}
	}
	add("there", 1, there, port(process.address))
	add("gone", 2, gone, port(freeAddress(t)))
	w.proxy = serve(t, f, "synapse_workers {\n main $main\n health_uri off\n synchrotron "+strings.Join(pool, " ")+"\n}")
	return w
}

// users are so many whose workers refuse, each another one, and as many whose
// workers are there. Whoever suits them second best is there for all.
func (w *refusing) users(pairs int) (refused, usual []int) {
	taken := make(map[string]bool)
	for n := 0; len(refused) < pairs || len(usual) < pairs; n++ {
		ranked := sticky.RankNames(w.names, sticky.User(fmt.Sprint("user", n)))
		if taken[ranked[0]] || strings.HasPrefix(ranked[1], "gone") {
			continue
		}
		taken[ranked[0]] = true
		if strings.HasPrefix(ranked[0], "gone") {
			refused = append(refused, n)
		} else {
			usual = append(usual, n)
		}
	}
	return refused[:pairs], usual[:pairs]
}

func (w *refusing) call(kind string, user int) call {
	c := syncCall(user, 0)
	c.kind = kind
	return c
}

var failuresOfWorker = regexp.MustCompile(`(?m)^synapse_workers_worker_failures_total\{.*worker="(gone\d+)"\} ([1-9]\d*)$`)

// refusals tells how often each worker has refused.
func (w *refusing) refusals() map[string]int {
	_, metrics := w.proxy.ask("GET", "/metrics", "")
	by := make(map[string]int)
	for _, match := range failuresOfWorker.FindAllStringSubmatch(metrics, -1) {
		n, _ := strconv.Atoi(match[2])
		by[match[1]] += n
	}
	return by
}

// ofKind returns the answers to calls of a kind.
func ofKind(answers []answer, kind string) (some []answer) {
	for _, a := range answers {
		if a.kind == kind {
			some = append(some, a)
		}
	}
	return some
}
