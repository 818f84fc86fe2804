package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/page"
)

const percent = 100

// record writes the page and its pictures.
func (r *results) record(docs string) error {
	for name, picture := range map[string]chart.Lines{
		"scale-day.svg": r.dayChart(), "scale-deploy.svg": r.deployChart(), "scale-hot.svg": r.hotChart(),
	} {
		if err := os.WriteFile(filepath.Join(docs, name), picture.SVG(), 0o600); err != nil {
			return err
		}
	}
	return page.Replace(filepath.Join(docs, "scale.md"), "run", r.text())
}

// text is what the page says of a run.
func (r *results) text() string {
	return strings.Join([]string{
		fmt.Sprintf("%d users, %d proxies, %d workers: %d synchrotrons, %d event creators, %d client readers.\n",
			r.Users, r.Proxies, r.Synchrotrons+r.Creators+r.Readers, r.Synchrotrons, r.Creators, r.Readers),
		r.spreadText(), r.deployText(), r.resizeText(), r.hotText(), r.tokenText(), r.costText(),
	}, "\n")
}

func (r *results) spreadText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Who has whom.** The busiest synchrotron has %.3f times the mean of the users.\n\n", r.share)
	b.WriteString("| long polls | all | a synchrotron has, on average | the busiest, times that | at its busiest proxy | not with their own |\n|---|---|---|---|---|---|\n")
	row := func(title string, h hour) {
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.2f | %.2f | %.2f %% |\n", title, h.Polls, h.Mean, h.Most, h.AtProxy, percent*h.Overflow)
	}
	for _, h := range r.day {
		switch h.Hour {
		case 8:
			row("at 8 o'clock", h)
		case 20:
			row("at 20 o'clock", h)
		}
	}
	row("at 20 o'clock, without a bound", r.unbounded)
	return b.String()
}

func (r *results) deployText() string {
	var b strings.Builder
	b.WriteString("**Rolling deploy of all synchrotrons**, at 20 o'clock:\n\n" +
		"| a batch | the next follows | all | moves of a poll | without need | cut off | proxies disagree, at most | the busiest, times the mean |\n|---|---|---|---|---|---|---|---|\n")
	for _, d := range r.deploys {
		follows := "at once"
		if d.Warm > 0 {
			follows = fmt.Sprintf("after %.0f s", d.Warm.Seconds())
		}
		fmt.Fprintf(&b, "| %.0f %% | %s | %.0f min | %.2f | %d | %d | on %.1f %% of users | %.2f |\n",
			percent*d.Batch, follows, d.Took.Minutes(), d.Moves, d.Needless, d.Cut, percent*d.Split, d.Most)
	}
	return b.String()
}

func (r *results) resizeText() string {
	return fmt.Sprintf("**The number of synchrotrons follows the day**, from %d to %d and back, in %d changes: a user moves %.2f times that day, "+
		"where %.2f is the least that keeps shares equal. The largest change moves %.1f %% of all users.\n",
		r.resized.Least, r.resized.Most, r.resized.Changes, r.resized.Moves, r.resized.Needed, percent*r.resized.Largest)
}

func (r *results) hotText() string {
	var b strings.Builder
	for _, rush := range r.scale.rushes() {
		fmt.Fprintf(&b, "**%s%s**: %.0f requests a second of one key and %.0f of others, %v of work each, for %d workers that do one at a time:\n\n",
			strings.ToUpper(rush.Name[:1]), rush.Name[1:], rush.Hot, rush.Others, rush.Busy, rush.Workers)
		b.WriteString("| proxies | floor | 99 % of the hot ones are answered in | 99 % of the others in | workers with hot ones |\n|---|---|---|---|---|\n")
		for _, result := range r.rushes {
			if result.Name != rush.Name {
				continue
			}
			floor := strconv.Itoa(result.Floor)
			if result.Floor < 0 {
				floor = "no bound"
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %d |\n", result.Proxies, floor, seconds(result.Hot99), seconds(result.Others99), result.Holders)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// seconds is a time in as many digits as count.
func seconds(s float64) string {
	switch {
	case s > 1.5*counted.Seconds():
		return "ever more"
	case s < 1:
		return fmt.Sprintf("%.2f s", s)
	}
	return fmt.Sprintf("%.1f s", s)
}

func (r *results) tokenText() string {
	var b strings.Builder
	b.WriteString("**Look-ups**, if all tokens are those of Matrix Authentication Service, at 20 o'clock:\n\n" +
		"| clients | `tokens` | look-ups a second, at each proxy | if none was forgotten |\n|---|---|---|---|\n")
	for _, l := range r.learned {
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.0f |\n", l.Way, l.Tokens, l.LookUps, l.Needed)
	}
	return b.String()
}

// pollMemory is how many bytes a waiting long poll takes at a proxy, as
// bench/proxies measures.
const pollMemory = 42.0 * 1024

func (r *results) costText() string {
	if len(r.costs.decisions) == 0 {
		return ""
	}
	const mebi = 1 << 20
	var b strings.Builder
	fmt.Fprintf(&b, "**Measured** on %s, the best of 200 short rounds:\n\n| a decision | all below the floor | all above it |\n|---|---|---|\n", machine.Describe())
	for i := 0; i < len(r.costs.decisions); i += 2 {
		idle, busy := r.costs.decisions[i], r.costs.decisions[i+1]
		fmt.Fprintf(&b, "| among %d workers | %.2f µs | %.2f µs |\n", idle.workers, idle.takes.Seconds()*1e6, busy.takes.Seconds()*1e6)
	}
	polls := r.polls(20) / float64(r.Proxies)
	tokens := 2 * polls // the one in use, and the one before it
	fmt.Fprintf(&b, "\n| memory of a proxy, at 20 o'clock | each | all |\n|---|---|---|\n"+
		"| %.0f long polls ([bench](../bench/proxies/README.md)) | %.1f KiB | %.0f MiB |\n"+
		"| %.0f tokens | %.0f bytes | %.0f MiB |\n"+
		"| %d workers | %.0f bytes | %.1f MiB |\n",
		polls, pollMemory/1024, polls*pollMemory/mebi, tokens, r.costs.token, tokens*r.costs.token/mebi,
		r.Synchrotrons+r.Creators+r.Readers, r.costs.worker, float64(r.Synchrotrons+r.Creators+r.Readers)*r.costs.worker/mebi)
	return b.String()
}
