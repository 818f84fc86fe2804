package routing

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// pools reads pools from lines: worker types, a fence, "fallback POOL",
// "sliding_sync". A list of main alone is "".
func pools(lines string) []Pool {
	all := []Pool{MainPool(Pool{Workers: 1})}
	for line := range strings.SplitSeq(lines, "\n") {
		p := Pool{Workers: 1}
		for words := strings.Fields(line); len(words) > 0; words = words[1:] {
			switch word := words[0]; {
			case word == MASName:
				p = MASPool(p)
			case word == "sliding_sync" && len(p.Types) > 0:
				p.SlidingSync = true
			case word == "fallback":
				p.Fallback, words = words[1], words[1:]
			case strings.HasPrefix(word, "@"):
				p.Fence = word[1:]
			default:
				p.Types = append(p.Types, endpoint.WorkerType(word))
			}
		}
		if p.Name() != "" {
			all = append(all, p)
		}
	}
	return all
}

// way lists the pools that a request of a class goes through while all of
// them are down, with the given fences open to it.
func way(t *testing.T, all []Pool, class endpoint.Class, fences ...string) string {
	t.Helper()
	for i := range all {
		if err := Check(all[:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := CheckAll(all); err != nil {
		t.Fatal(err)
	}
	chain := Resolve(all)[class]
	open := func(pool int) bool { return all[pool].Fence == "" || slices.Contains(fences, all[pool].Fence) }
	var names []string
	for step := chain.First(open); step != End; step = chain.After(step, open) {
		names = append(names, all[chain[step].Pool].Name())
		if len(names) > len(all) {
			t.Fatalf("%s goes in circles: %s", class, names)
		}
	}
	return strings.Join(names, " ")
}

// everyType is a pool for each worker type that serves requests.
func everyType() string {
	var lines []string
	for _, worker := range endpoint.WorkerTypes() {
		lines = append(lines, string(worker))
	}
	return strings.Join(lines, "\n")
}

func TestMainServesEverythingAlone(t *testing.T) {
	for _, class := range endpoint.Classes() {
		if got := way(t, pools(""), class); got != "main" {
			t.Errorf("%s goes to %s", class, got)
		}
	}
}

// TestGenericWorker shows what a generic_worker takes: all that any worker may
// serve alone, and nothing else.
func TestGenericWorker(t *testing.T) {
	taken := []string{
		"sync", "initial_sync", "sliding_sync", "initial_sliding_sync",
		"client_read", "room_read", "public", "login", "register",
		"keys", "device_lists", "profile", "create_room", "send", "state", "membership", "user_directory",
		"federation_inbound", "federation_read", "federation", "server_keys", "worker_admin",
	}
	for _, class := range endpoint.Classes() {
		want := "main"
		if slices.Contains(taken, class.String()) {
			want = "generic_worker main"
		}
		if got := way(t, pools("generic_worker"), class); got != want {
			t.Errorf("%s goes to %s, want %s", class, got, want)
		}
	}
}

// TestEveryWorkerType shows the whole way of every class.
func TestEveryWorkerType(t *testing.T) {
	want := map[string]string{
		"main":                 "main",
		"sync":                 "synchrotron generic_worker main",
		"initial_sync":         "initial_synchrotron synchrotron generic_worker main",
		"sliding_sync":         "sliding_sync synchrotron generic_worker main",
		"initial_sliding_sync": "sliding_sync synchrotron generic_worker main",
		"client_read":          "client_reader generic_worker main",
		"room_read":            "client_reader generic_worker main",
		"public":               "client_reader generic_worker main",
		"login":                "client_reader generic_worker main",
		"login_main":           "main",
		"logout":               "main",
		"refresh":              "main",
		"register":             "client_reader generic_worker main",
		"sso_login":            "sso",
		"sso":                  "sso",
		"keys":                 "client_reader generic_worker main",
		"keys_upload":          "frontend_proxy main",
		"device_lists":         "device_lists client_reader generic_worker main",
		"profile":              "event_creator client_reader generic_worker main",
		"create_room":          "event_creator client_reader generic_worker main",
		"send":                 "event_creator generic_worker main",
		"state":                "event_creator generic_worker main",
		"membership":           "event_creator generic_worker main",
		"user_directory":       "user_dir client_reader generic_worker main",
		"typing":               "typing",
		"to_device":            "to_device",
		"receipts":             "receipts",
		"push_rules":           "push_rules",
		"thread_subscriptions": "thread_subscriptions",
		"account_data":         "account_data main",
		"presence":             "presence main",
		"presence_read":        "presence",
		"quarantine":           "quarantined_media_changes",
		"media":                "media_repository",
		"media_upload":         "media_repository",
		"media_admin":          "media_repository",
		"federation_inbound":   "federation_inbound federation_reader generic_worker main",
		"federation_read":      "federation_reader generic_worker main",
		"federation":           "federation_reader generic_worker main",
		"server_keys":          "federation_reader generic_worker main",
		"worker_admin":         "client_reader generic_worker main",
		"mas_api":              "mas_helper main",
		"rendezvous":           "main",
		"well_known":           "main",
	}
	all := pools(everyType())
	for _, class := range endpoint.Classes() {
		if got := way(t, all, class); got != want[class.String()] {
			t.Errorf("%s goes to %q, want %q", class, got, want[class.String()])
		}
	}
}

// TestHardClassesStay shows that a writer's requests go to the writer or,
// without one, to main, and never to anybody else.
func TestHardClassesStay(t *testing.T) {
	for _, class := range endpoint.Classes() {
		if !class.Hard() {
			continue
		}
		writer := class.Traits().Types[0]
		if got := way(t, pools("generic_worker\nclient_reader\n"+string(writer)), class); got != string(writer) {
			t.Errorf("%s with a writer goes to %s", class, got)
		}
		if got := way(t, pools("generic_worker\nclient_reader\nevent_creator"), class); got != "main" {
			t.Errorf("%s without a writer goes to %s", class, got)
		}
	}
}

func TestWays(t *testing.T) {
	for _, test := range []struct {
		name   string
		pools  string
		fences string // open to the request
		class  endpoint.Class
		want   string
	}{
		{"quarantine has a writer", "media_repository\nquarantined_media_changes", "", endpoint.ClassQuarantine, "quarantined_media_changes"},
		{"quarantine without a writer", "media_repository\ngeneric_worker", "", endpoint.ClassQuarantine, "media_repository"},
		{"quarantine without both", "generic_worker", "", endpoint.ClassQuarantine, "main"},
		{"writer of several streams", "typing receipts to_device", "", endpoint.ClassReceipts, "typing"},
		{"one pool of two types of a chain", "synchrotron initial_synchrotron", "", endpoint.ClassInitialSync, "synchrotron main"},
		{"pools of a chain in another order", "generic_worker\nsynchrotron", "", endpoint.ClassSync, "synchrotron generic_worker main"},
		{"media without a pool", "generic_worker", "", endpoint.ClassMedia, "main"},
		{"sso without a pool", "generic_worker", "", endpoint.ClassSSO, "main"},
		{"mas without helpers", "generic_worker", "", endpoint.ClassMASAPI, "main"},

		{"login with mas", "client_reader\nmas", "", endpoint.ClassLogin, "mas"},
		{"what is below login with mas", "client_reader\nmas", "", endpoint.ClassLoginMain, "mas"},
		{"logout with mas", "client_reader\nmas", "", endpoint.ClassLogout, "mas"},
		{"refresh with mas", "client_reader\nmas", "", endpoint.ClassRefresh, "mas"},
		{"single sign-on below login with mas", "client_reader\nmas", "", endpoint.ClassSSOLogin, "mas"},
		{"single sign-on elsewhere with mas", "client_reader\nmas", "", endpoint.ClassSSO, "main"},
		{"register with mas", "client_reader\nmas", "", endpoint.ClassRegister, "client_reader main"},

		{"sliding sync opens with the rest", "initial_synchrotron\nsynchrotron", "", endpoint.ClassInitialSlidingSync, "synchrotron main"},
		{"sliding sync opens at the initial pool", "initial_synchrotron sliding_sync\nsynchrotron", "", endpoint.ClassInitialSlidingSync, "initial_synchrotron synchrotron main"},
		{"initial pool that asks for sliding sync", "initial_synchrotron \nsynchrotron", "", endpoint.ClassSlidingSync, "synchrotron main"},

		{"open fence", "event_creator\nevent_creator @bridge", "bridge", endpoint.ClassSend, "event_creator@bridge event_creator main"},
		{"closed fence", "event_creator\nevent_creator @bridge", "", endpoint.ClassSend, "event_creator main"},
		{"fence before everybody's best", "synchrotron\ngeneric_worker @bridge", "bridge", endpoint.ClassSync, "generic_worker@bridge synchrotron main"},
		{"two open fences", "event_creator @a\nevent_creator @b", "a b", endpoint.ClassSend, "event_creator@a event_creator@b main"},
		{"second of two fences", "event_creator @a\nevent_creator @b", "b", endpoint.ClassSend, "event_creator@b main"},
		{"fence only", "event_creator @bridge", "", endpoint.ClassSend, "main"},
		{"fence of a writer of several", "receipts\nreceipts @bridge", "bridge", endpoint.ClassReceipts, "receipts@bridge receipts"},
		{"fence before the main writer", "receipts @bridge", "bridge", endpoint.ClassReceipts, "receipts@bridge main"},
		{"fence of the lesser type of quarantine", "media_repository @bridge", "", endpoint.ClassQuarantine, "main"},

		{"fallback off", "synchrotron fallback off\ngeneric_worker", "", endpoint.ClassSync, "synchrotron"},
		{"fallback off in the middle", "synchrotron\ngeneric_worker fallback off", "", endpoint.ClassSync, "synchrotron generic_worker"},
		{"fallback over a pool", "synchrotron fallback main\ngeneric_worker", "", endpoint.ClassSync, "synchrotron main"},
		{"fallback to another type", "synchrotron fallback client_reader\nclient_reader\ngeneric_worker", "", endpoint.ClassSync, "synchrotron client_reader"},
		{"fallback to another type that goes on", "synchrotron fallback client_reader\nclient_reader fallback main\ngeneric_worker", "", endpoint.ClassSync, "synchrotron client_reader main"},
		{"fallback of a fence", "event_creator @bridge fallback off\nevent_creator", "bridge", endpoint.ClassSend, "event_creator@bridge"},
		{"fallback of a fence that is closed", "event_creator @bridge fallback off\nevent_creator", "", endpoint.ClassSend, "event_creator main"},
		{"fallback of an inner fence", "event_creator @a\nevent_creator @b fallback generic_worker\nevent_creator\ngeneric_worker", "a b", endpoint.ClassSend, "event_creator@a event_creator@b generic_worker main"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := way(t, pools(test.pools), test.class, strings.Fields(test.fences)...); got != test.want {
				t.Errorf("%s goes to %q, want %q", test.class, got, test.want)
			}
		})
	}
}

// TestFencesEndBeforeEverybody shows what Chain.from relies on: whatever
// fences are closed, a chain leads somewhere.
func TestFencesEndBeforeEverybody(t *testing.T) {
	all := pools("generic_worker @a\nevent_creator @b\nmedia_repository @a\nreceipts @b\nsynchrotron @a fallback off\nclient_reader")
	for _, class := range endpoint.Classes() {
		if got := way(t, all, class); got == "" || strings.Contains(got, "@") {
			t.Errorf("%s behind closed fences goes to %q", class, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	all := pools("account_data\nfrontend_proxy\ntyping")
	all[1].Workers = 2
	got := strings.Join(Warnings(all), "\n")
	for _, want := range []string{"'account_data' has 2 workers", "frontend_proxy"} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning of %s in %q", want, got)
		}
	}
	if strings.Contains(got, "typing") {
		t.Errorf("a warning of what is right: %q", got)
	}
}

// TestErrorNamesItsOption shows that a mistake in an option says whose.
func TestErrorNamesItsOption(t *testing.T) {
	for lines, want := range map[string]OptionError{
		"generic_worker\nsynchrotron fallback nowhere": {Pool: 2, Option: "fallback"},
		"synchrotron sliding_sync":                     {Pool: 1, Option: "sliding_sync"},
		"typing fallback off":                          {Pool: 1, Option: "fallback"},
	} {
		all := pools(lines)
		err := Check(all)
		if err == nil {
			err = CheckAll(all)
		}
		var fault *OptionError
		if !errors.As(err, &fault) || fault.Pool != want.Pool || fault.Option != want.Option {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// A chain with nothing but closed fences is at its end.
func TestChainOfClosedFencesEnds(t *testing.T) {
	chain := Chain{{Pool: 1, Next: 1}, {Pool: 2, Next: End}}
	closed := func(int) bool { return false }
	if step := chain.First(closed); step != End {
		t.Errorf("begins with step %d", step)
	}
	if step := chain.After(0, closed); step != End {
		t.Errorf("goes on with step %d", step)
	}
}
