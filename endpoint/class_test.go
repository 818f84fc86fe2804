package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
)

func TestClassNames(t *testing.T) {
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, class := range Classes() {
		name := class.String()
		if !word.MatchString(name) {
			t.Errorf("class %d has the name %q", class, name)
		}
		if parsed, ok := ParseClass(name); !ok || parsed != class {
			t.Errorf("ParseClass(%q) = %s, %t", name, parsed, ok)
		}
	}
	for _, name := range []string{"", "unknown", "Sync", "sync "} {
		if class, ok := ParseClass(name); ok {
			t.Errorf("ParseClass(%q) = %s", name, class)
		}
	}
	if got := ClassCount.String(); got != "unknown" {
		t.Errorf("a class that is none is called %q", got)
	}
}

// TestEveryClassHasRows guards against a class that no request can have.
func TestEveryClassHasRows(t *testing.T) {
	for _, class := range Classes() {
		if !slices.ContainsFunc(AllRows(), func(r Row) bool { return r.Class == class }) {
			t.Errorf("no row of the table has the class %s", class)
		}
	}
}

// TestTraitsAgree holds what must be true of every class, whatever is added.
func TestTraitsAgree(t *testing.T) {
	for _, class := range Classes() {
		traits := class.Traits()
		generic := slices.Contains(traits.Types, GenericWorker)
		if traits.Hard && (!traits.Alone || generic || len(traits.Types) == 0) {
			t.Errorf("%s is hard, so it has a writer's pool, stays there and never meets generic workers", class)
		}
		if traits.Alone && generic {
			t.Errorf("%s stays alone, so no generic worker can serve it", class)
		}
		if generic && traits.Types[len(traits.Types)-1] != GenericWorker {
			t.Errorf("%s: generic workers come last", class)
		}
		if traits.LongPoll && traits.Key != KeyUser {
			t.Errorf("%s: long polls are kept together by user", class)
		}
		for _, worker := range traits.Types {
			if !worker.Routed() {
				t.Errorf("%s names %s, which gets no requests", class, worker)
			}
		}
	}
}

// TestChains writes the routing of the classes down once more where a slip
// would cost most: errors from Synapse instead of slower answers.
func TestChains(t *testing.T) {
	for class, want := range map[Class]string{
		ClassMain:                "[] none",
		ClassInitialSync:         "[initial_synchrotron synchrotron generic_worker] user long_poll",
		ClassSlidingSync:         "[sliding_sync synchrotron generic_worker] user long_poll",
		ClassTyping:              "[typing] room hard alone",
		ClassToDevice:            "[to_device] user hard alone",
		ClassReceipts:            "[receipts] room hard alone",
		ClassPushRules:           "[push_rules] user hard alone",
		ClassThreadSubscriptions: "[thread_subscriptions] room hard alone",
		ClassQuarantine:          "[quarantined_media_changes media_repository] none hard alone",
		ClassKeysUpload:          "[frontend_proxy] user",
		ClassAccountData:         "[account_data] user",
		ClassPresence:            "[presence] user",
		ClassPresenceRead:        "[presence] user hard alone",
		ClassMedia:               "[media_repository] uri alone",
		ClassMediaUpload:         "[media_repository] none alone",
		ClassMediaAdmin:          "[media_repository] none alone",
		ClassSSOLogin:            "[sso] client_ip alone mas",
		ClassSSO:                 "[sso] client_ip alone",
		ClassLogin:               "[client_reader generic_worker] client_ip mas",
		ClassLoginMain:           "[] none mas",
		ClassLogout:              "[] none mas",
		ClassRefresh:             "[] none mas",
		ClassSend:                "[event_creator generic_worker] room",
		ClassFederationInbound:   "[federation_inbound federation_reader generic_worker] origin",
		ClassFederationRead:      "[federation_reader generic_worker] uri",
		ClassMASAPI:              "[mas_helper] none",
		ClassRendezvous:          "[] none",
	} {
		got := fmt.Sprint(class.Traits().Types, " ", class.Key())
		for _, trait := range []struct {
			word string
			set  bool
		}{
			{" hard", class.Hard()}, {" long_poll", class.LongPoll()},
			{" alone", class.Alone()}, {" mas", class.MAS()},
		} {
			if trait.set {
				got += trait.word
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", class, got, want)
		}
	}
}

// TestTraitsAreCopies keeps a caller from changing the table of classes.
func TestTraitsAreCopies(t *testing.T) {
	ClassSync.Traits().Types[0] = "mine"
	if got := ClassSync.Traits().Types[0]; got != Synchrotron {
		t.Errorf("a caller made sync go to %s", got)
	}
}

func TestWorkerTypes(t *testing.T) {
	seen := make(map[WorkerType]bool)
	for _, worker := range WorkerTypes() {
		if parsed, ok := ParseWorkerType(worker.String()); !ok || parsed != worker || seen[worker] {
			t.Errorf("worker type %q does not name itself alone", worker)
		}
		seen[worker] = true
	}
	if len(seen) != 27 {
		t.Errorf("%d worker types, want the 27 of the documentation", len(seen))
	}
	if _, ok := ParseWorkerType("synchrotrons"); ok {
		t.Error("synchrotrons is no worker type")
	}
	for worker, routed := range map[WorkerType]bool{
		GenericWorker: true, FrontendProxy: true, QuarantinedMedia: true,
		Pusher: false, Appservice: false, FederationSender: false, BackgroundWorker: false, EventPersister: false,
		"nonsense": false,
	} {
		if worker.Routed() != routed {
			t.Errorf("%s.Routed() = %t", worker, !routed)
		}
	}
}

func TestSoleWorkers(t *testing.T) {
	only := []WorkerType{TypingWriter, ToDeviceWriter, PushRulesWriter, PresenceWriter, SSO}
	should := []WorkerType{AccountDataWriter, Appservice, BackgroundWorker}
	for _, worker := range WorkerTypes() {
		if got := worker.OnlyOne(); got != slices.Contains(only, worker) {
			t.Errorf("%s.OnlyOne() = %t", worker, got)
		}
		if got := worker.ShouldBeOne(); got != slices.Contains(should, worker) {
			t.Errorf("%s.ShouldBeOne() = %t", worker, got)
		}
	}
}

func TestKeys(t *testing.T) {
	for key, name := range map[Key]string{
		KeyNone: "none", KeyUser: "user", KeyRoom: "room",
		KeyOrigin: "origin", KeyClientIP: "client_ip", KeyURI: "uri",
	} {
		if parsed, ok := ParseKey(name); key.String() != name || !ok || parsed != key {
			t.Errorf("key %q: String %q, ParseKey %v %t", name, key, parsed, ok)
		}
	}
	if _, ok := ParseKey("ip"); ok {
		t.Error("ip is no key")
	}
}
