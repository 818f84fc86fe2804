package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoRounds are results in which round robin costs twice and three times as
// much as the rest.
func twoRounds() *results {
	all := &results{run: 3, rounds: []round{make(round, 3), make(round, 3)}}
	for i, strategy := range strategies() {
		served := map[string]map[string]bool{"alice": {"1": true}}
		if i == 2 {
			served["alice"]["2"] = true
		}
		all.contenders = append(all.contenders, &contender{strategy: strategy, seen: served})
		for j, round := range all.rounds {
			round[i] = outcome{syncs: 10, replaced: 1, synchrotrons: 0.010, main: 0.001, database: 0.005, p50: 0.02, p99: 0.2,
				transactions: 4, queries: 8, misses: 2, hits: 0.9, entries: 1000, memory: 1 << 27, holders: 1}
			if i == 2 {
				round[i].synchrotrons *= float64(j + 2)
			}
		}
	}
	return all
}

func TestTheLeastDisturbedRoundsCount(t *testing.T) {
	all := &results{rounds: []round{{{others: 0.5}, {others: 0}}, {{others: 0.1}, {others: 0.2}}, {{others: 0.3}, {others: 0.1}}}}
	all.choose(2)
	if len(all.rounds) != 2 || all.rounds[0].disturbance() != 0.2 || all.rounds[1].disturbance() != 0.3 || all.run != 3 {
		t.Errorf("got rounds %v of %d, want those disturbed by 0.2 and 0.3, of 3", all.rounds, all.run)
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	want := "| CPU of synchrotrons | 10.00 ms | 10.00 ms | **1.00** (1.00 – 1.00) | 25.00 ms | **2.50** (2.25 – 2.75) |"
	if table := twoRounds().table(); !strings.Contains(table, want) {
		t.Errorf("got no line\n%s\nin\n%s", want, table)
	}
}

func TestSynchrotronsOfTheWholeRunStandBelow(t *testing.T) {
	want := "| synchrotrons of a user, in the run | 1.00 | 1.00 | **1.00** | 2.00 | **2.00** |\n"
	if table := twoRounds().table(); !strings.HasSuffix(table, want) {
		t.Errorf("got no last line\n%s\nin\n%s", want, table)
	}
}

func TestPageAndPictureAreWritten(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "README.md")
	if err := os.WriteFile(file, []byte("<!-- begin run: -->\n<!-- end run -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := twoRounds().record(&world{}, options{page: directory, versions: "Synapse 1.2"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"README.md": "60 syncs, 6 replaced tokens", "worth.svg": ">2.50<"} {
		content, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s: got error %v and no %q in\n%s", name, err, want, content)
		}
	}
}
