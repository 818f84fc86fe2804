package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

const (
	milliseconds = 1e3
	kibibytes    = 1.0 / (1 << 10)
)

// describe says when and on what the run was.
func describe(o options) string {
	return fmt.Sprintf("%s. %s. %s. %d rounds; %d newcomers of each size and kind.\n\n",
		time.Now().Format("2 January 2006"), machine.Describe(), o.versions, o.rounds, o.newcomers)
}

// tables have CPU times without what the message before the request costs.
func tables(warm, cold costs) string {
	idle := mean(warm.everySize(placeMessage))
	base := warm[placeSlidIncremental]
	processor, rest := head("synchrotron", "ratio"), head("PostgreSQL", "time to answer", "answer")
	add := func(title string, measured map[int][]cost) {
		processor += "\n" + processorRow(title, measured, idle, base)
		rest += "\n" + restRow(title, measured, idle)
	}
	for place, kind := range kinds {
		if place != placeMessage {
			add(kind.title, warm[place])
		}
	}
	for _, place := range []int{placeInitial, placeOpenList} {
		add(kinds[place].title+", newcomer", cold[place])
	}
	return fmt.Sprintf("%s\n\nA message alone costs the synchrotron %.1f ms and PostgreSQL %.1f ms. That is subtracted.\n\n%s\n",
		processor, milliseconds*idle.worker, milliseconds*idle.database, rest)
}

// head has some columns for each size of account.
func head(columns ...string) string {
	var titles, rule strings.Builder
	titles.WriteString("| |")
	rule.WriteString("|---|")
	for _, size := range accountSizes {
		for _, column := range columns {
			fmt.Fprintf(&titles, " %d rooms: %s |", size, column)
			rule.WriteString("---|")
		}
	}
	return titles.String() + "\n" + rule.String()
}

// processorRow has the CPU time of the synchrotron with the spread of its
// batches, and the ratio to the base.
func processorRow(title string, measured map[int][]cost, idle cost, base map[int][]cost) string {
	var row strings.Builder
	fmt.Fprintf(&row, "| %s |", title)
	for _, size := range accountSizes {
		worker, spread := mean(measured[size]).worker-idle.worker, stats.Of(workers(measured[size]))
		fmt.Fprintf(&row, " %.1f ms (%.1f – %.1f) | **%.1f** |", milliseconds*worker,
			milliseconds*(spread.Lower-idle.worker), milliseconds*(spread.Upper-idle.worker),
			worker/(mean(base[size]).worker-idle.worker))
	}
	return row.String()
}

func restRow(title string, measured map[int][]cost, idle cost) string {
	var row strings.Builder
	fmt.Fprintf(&row, "| %s |", title)
	for _, size := range accountSizes {
		one := mean(measured[size])
		fmt.Fprintf(&row, " %.0f ms | %.0f ms | %.1f KiB |",
			milliseconds*max(0, one.database-idle.database), milliseconds*one.took, kibibytes*one.bytes)
	}
	return row.String()
}

func (c costs) everySize(place int) []cost {
	var all []cost
	for _, size := range accountSizes {
		all = append(all, c[place][size]...)
	}
	return all
}

func workers(all []cost) []float64 {
	var values []float64
	for _, one := range all {
		values = append(values, one.worker)
	}
	return values
}

// mean, not median: the clock of CPU time has coarse ticks.
func mean(all []cost) cost {
	var total cost
	for _, one := range all {
		total.worker += one.worker
		total.database += one.database
		total.took += one.took
		total.bytes += one.bytes
	}
	count := float64(len(all))
	return cost{
		worker: total.worker / count, database: total.database / count,
		took: total.took / count, bytes: total.bytes / count,
	}
}
