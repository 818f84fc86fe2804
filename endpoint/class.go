package endpoint

import "slices"

// A Class is a family of endpoints that are routed alike.
type Class uint8

// The classes. ClassMain is the zero value: what nothing else claims is served
// by the main process, which serves everything but what it has given away.
const (
	ClassMain Class = iota
	ClassSync
	ClassInitialSync
	ClassSlidingSync
	ClassInitialSlidingSync
	ClassClientRead
	ClassRoomRead
	ClassPublic
	ClassLogin
	ClassLoginMain
	ClassLogout
	ClassRefresh
	ClassRegister
	ClassSSOLogin
	ClassSSO
	ClassKeys
	ClassKeysUpload
	ClassDeviceLists
	ClassProfile
	ClassCreateRoom
	ClassSend
	ClassState
	ClassMembership
	ClassUserDirectory
	ClassTyping
	ClassToDevice
	ClassReceipts
	ClassPushRules
	ClassThreadSubscriptions
	ClassAccountData
	ClassPresence
	ClassPresenceRead
	ClassQuarantine
	ClassMedia
	ClassMediaUpload
	ClassMediaAdmin
	ClassFederationInbound
	ClassFederationRead
	ClassFederation
	ClassServerKeys
	ClassWorkerAdmin
	ClassMASAPI
	ClassRendezvous
	ClassWellKnown

	// ClassCount is the number of classes, for arrays indexed by class.
	ClassCount
)

// Traits say how a class is routed.
type Traits struct {
	// Types are the worker types that may serve the class, best first. The main
	// process follows as the last resort and is not listed.
	Types []WorkerType

	// Key keeps requests of the class together on one worker.
	Key Key

	// Hard classes are answered with an error by a process that is not the
	// writer of their stream. Only the writer's pool serves them or, when none
	// is configured, the main process, which writes every stream by default.
	Hard bool

	// Alone classes stay in their pool once they have one, even when all of it
	// is down: elsewhere they would fail, or lose what the pool remembers.
	Alone bool

	// LongPoll requests may hang for minutes by intention.
	LongPoll bool

	// MAS classes belong to Matrix Authentication Service when there is one;
	// Synapse then serves them nowhere.
	MAS bool
}

// classes is the one place that says how a class is routed. A comment gives the
// reason where the row does not speak for itself.
var classes = [ClassCount]struct {
	name string
	Traits
}{
	// Endpoints that only the main process has, and everything unknown.
	ClassMain: {"main", Traits{}},

	ClassSync: {"sync", Traits{
		Types: types(Synchrotron, GenericWorker), Key: KeyUser, LongPoll: true}},
	// A first sync costs seconds of computing, so it may have workers of its own.
	ClassInitialSync: {"initial_sync", Traits{
		Types: types(InitialSynchrotron, Synchrotron, GenericWorker), Key: KeyUser, LongPoll: true}},
	ClassSlidingSync: {"sliding_sync", Traits{
		Types: types(SlidingSync, Synchrotron, GenericWorker), Key: KeyUser, LongPoll: true}},
	// Clients open sliding sync connections often and cheaply: by default these
	// go where the rest of the connection will go.
	ClassInitialSlidingSync: {"initial_sliding_sync", Traits{
		Types: types(SlidingSync, Synchrotron, GenericWorker), Key: KeyUser, LongPoll: true}},

	ClassClientRead: {"client_read", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyUser}},
	ClassRoomRead: {"room_read", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyRoom}},
	// The same answer for everybody.
	ClassPublic: {"public", Traits{
		Types: types(ClientReader, GenericWorker)}},

	ClassLogin: {"login", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyClientIP, MAS: true}},
	// Below login/, what only the main process has.
	ClassLoginMain: {"login_main", Traits{MAS: true}},
	ClassLogout:    {"logout", Traits{MAS: true}},
	ClassRefresh:   {"refresh", Traits{MAS: true}},
	ClassRegister: {"register", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyClientIP}},
	// A single sign-on is remembered by the process where it began.
	ClassSSOLogin: {"sso_login", Traits{
		Types: types(SSO), Key: KeyClientIP, Alone: true, MAS: true}},
	ClassSSO: {"sso", Traits{
		Types: types(SSO), Key: KeyClientIP, Alone: true}},

	ClassKeys: {"keys", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyUser}},
	// Until 1.73 a worker needed worker_main_http_uri to hand uploads on, which
	// only those that are meant for it have.
	ClassKeysUpload: {"keys_upload", Traits{
		Types: types(FrontendProxy), Key: KeyUser}},
	ClassDeviceLists: {"device_lists", Traits{
		Types: types(DeviceListsWriter, ClientReader, GenericWorker), Key: KeyUser}},
	ClassProfile: {"profile", Traits{
		Types: types(EventCreator, ClientReader, GenericWorker), Key: KeyUser}},
	ClassCreateRoom: {"create_room", Traits{
		Types: types(EventCreator, ClientReader, GenericWorker), Key: KeyUser}},
	// By room, so that a repeated transaction finds the process that knows it
	// and events of a room do not race each other.
	ClassSend: {"send", Traits{
		Types: types(EventCreator, GenericWorker), Key: KeyRoom}},
	ClassState: {"state", Traits{
		Types: types(EventCreator, GenericWorker), Key: KeyRoom}},
	ClassMembership: {"membership", Traits{
		Types: types(EventCreator, GenericWorker), Key: KeyRoom}},
	ClassUserDirectory: {"user_directory", Traits{
		Types: types(UserDir, ClientReader, GenericWorker), Key: KeyUser}},

	ClassTyping: {"typing", Traits{
		Types: types(TypingWriter), Key: KeyRoom, Hard: true, Alone: true}},
	ClassToDevice: {"to_device", Traits{
		Types: types(ToDeviceWriter), Key: KeyUser, Hard: true, Alone: true}},
	ClassReceipts: {"receipts", Traits{
		Types: types(ReceiptsWriter), Key: KeyRoom, Hard: true, Alone: true}},
	ClassPushRules: {"push_rules", Traits{
		Types: types(PushRulesWriter), Key: KeyUser, Hard: true, Alone: true}},
	ClassThreadSubscriptions: {"thread_subscriptions", Traits{
		Types: types(ThreadSubscriptions), Key: KeyRoom, Hard: true, Alone: true}},
	// Writes of account data and presence are handed to the writer inside
	// Synapse, so another process is slower but right.
	ClassAccountData: {"account_data", Traits{
		Types: types(AccountDataWriter), Key: KeyUser}},
	ClassPresence: {"presence", Traits{
		Types: types(PresenceWriter), Key: KeyUser}},
	// Only the writer of presence knows who may see whose (1.163.2,
	// handlers/presence.py is_visible), though the documentation lists reading
	// it for any worker.
	ClassPresenceRead: {"presence_read", Traits{
		Types: types(PresenceWriter), Key: KeyUser, Hard: true, Alone: true}},

	// Until 1.152 any media repository quarantines. Since then it writes a stream,
	// which is main's unless others are named (1.163.2, config/workers.py
	// WriterLocations), and which takes a process that has the endpoints too: a
	// media repository that is named.
	ClassQuarantine: {"quarantine", Traits{
		Types: types(QuarantinedMedia, MediaRepository), Hard: true, Alone: true}},
	// By media id: equal downloads and thumbnails meet in one process.
	ClassMedia: {"media", Traits{
		Types: types(MediaRepository), Key: KeyURI, Alone: true}},
	ClassMediaUpload: {"media_upload", Traits{
		Types: types(MediaRepository), Alone: true}},
	ClassMediaAdmin: {"media_admin", Traits{
		Types: types(MediaRepository), Alone: true}},

	// By origin: a process handles one transaction of a server at a time and
	// recognises one that is sent again.
	ClassFederationInbound: {"federation_inbound", Traits{
		Types: types(FederationInbound, FederationReader, GenericWorker), Key: KeyOrigin}},
	// Many servers ask for the same state at once; equal URIs share one answer.
	ClassFederationRead: {"federation_read", Traits{
		Types: types(FederationReader, GenericWorker), Key: KeyURI}},
	ClassFederation: {"federation", Traits{
		Types: types(FederationReader, GenericWorker), Key: KeyOrigin}},
	ClassServerKeys: {"server_keys", Traits{
		Types: types(FederationReader, GenericWorker), Key: KeyOrigin}},

	ClassWorkerAdmin: {"worker_admin", Traits{
		Types: types(ClientReader, GenericWorker), Key: KeyUser}},
	ClassMASAPI: {"mas_api", Traits{
		Types: types(MASHelper)}},
	// Rendezvous sessions live in the memory of the main process.
	ClassRendezvous: {"rendezvous", Traits{}},
	ClassWellKnown:  {"well_known", Traits{}},
}

func types(t ...WorkerType) []WorkerType { return t }

// Classes lists every class.
func Classes() []Class {
	all := make([]Class, ClassCount)
	for i := range all {
		all[i] = Class(i)
	}
	return all
}

// String returns the name of the class as it is written in a configuration.
func (c Class) String() string {
	if c < ClassCount {
		return classes[c].name
	}
	return "unknown"
}

// ParseClass is the inverse of [Class.String].
func ParseClass(name string) (Class, bool) {
	for c := range classes {
		if classes[c].name == name {
			return Class(c), true
		}
	}
	return ClassMain, false
}

// Traits returns a copy of all that is said about the class.
func (c Class) Traits() Traits {
	traits := *c.traits()
	traits.Types = slices.Clone(traits.Types)
	return traits
}

// Key keeps requests of the class together on one worker.
func (c Class) Key() Key { return c.traits().Key }

// Hard tells whether a wrong process answers with an error. See [Traits].
func (c Class) Hard() bool { return c.traits().Hard }

// Alone tells whether the class never leaves its pool. See [Traits].
func (c Class) Alone() bool { return c.traits().Alone }

// LongPoll tells whether requests may hang by intention.
func (c Class) LongPoll() bool { return c.traits().LongPoll }

// MAS tells whether the class belongs to Matrix Authentication Service when
// there is one.
func (c Class) MAS() bool { return c.traits().MAS }

func (c Class) traits() *Traits {
	if c < ClassCount {
		return &classes[c].Traits
	}
	return &classes[ClassMain].Traits
}
