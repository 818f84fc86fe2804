package endpoint

import "regexp"

// A difference is a deliberate departure from what Synapse registers or
// documents.
type difference struct {
	reason  string
	request *regexp.Regexp // matched against "METHOD path"
	classes []Class        // the classes that such requests have instead
}

// fromCode are the departures from what Synapse registers.
var fromCode = []difference{
	{
		reason:  "the media repository refuses unknown media paths itself; the main process may have none",
		request: regexp.MustCompile(`^\S+ /_matrix/(media|client/v1/media|federation/v1/media)/`),
		classes: []Class{ClassMedia},
	},
	{
		reason:  "so too unknown administration of media",
		request: regexp.MustCompile(`^\S+ /_synapse/admin/v1/(media|user/[^/]*/media|room/[^/]*/media)/`),
		classes: []Class{ClassMediaAdmin},
	},
	{
		reason:  "Synapse wants at least one byte of an id; an empty one is an error of every process",
		request: regexp.MustCompile(`^(GET|HEAD|POST|PUT|DELETE) /_matrix/client/(unstable/org\.matrix\.msc4140/delayed_events/|unstable/org\.matrix\.msc4140/delayed_events//restart$|(r0|v3|unstable)/room_keys/(keys|version)/([^/]*/)?$|(r0|v3|unstable)/room_keys/keys//[^/]*$|(r0|v3)/login/sso/redirect/$)`),
		classes: []Class{ClassClientRead, ClassKeys, ClassSSOLogin},
	},
	{
		reason:  "Synapse wants plain bytes in the name of an identity provider; anything else is an error of every process",
		request: regexp.MustCompile(`^(GET|HEAD) /_matrix/client/(r0|v3)/login/sso/redirect/[^/]*$`),
		classes: []Class{ClassSSOLogin},
	},
	{
		reason:  "a sign-on belongs to one process, whatever it asks there",
		request: regexp.MustCompile(`^\S+ (/_synapse/client/(pick_idp$|pick_username/|new_user_consent$|sso_register$|oidc/|saml2/)|/_matrix/saml2/)`),
		classes: []Class{ClassSSO},
	},
	{
		reason:  "whatever Matrix Authentication Service asks is refused by the process that serves it",
		request: regexp.MustCompile(`^\S+ /_synapse/mas/`),
		classes: []Class{ClassMASAPI},
	},
	{
		reason:  "workers mount rendezvous sessions but know none: only the main process creates them, in its memory",
		request: regexp.MustCompile(`^\S+ /_synapse/client/rendezvous(/|$)`),
		classes: []Class{ClassRendezvous},
	},
	{
		reason:  "every process knows .well-known; the main process is as good as any and always there",
		request: regexp.MustCompile(`^\S+ /\.well-known/matrix/(client|server)$`),
		classes: []Class{ClassWellKnown},
	},
	{
		reason:  "every process answers for its own health, so asking through a proxy has no meaning",
		request: regexp.MustCompile(`^\S+ /health$`),
		classes: []Class{ClassMain},
	},
}

// fromDocs are the departures from Synapse's documentation. Where it disagrees
// with the code, the table follows the code. Most are endpoints that workers
// have though the documentation lists them for none.
var fromDocs = []difference{
	{
		reason:  "documented expressions such as .*/tags cross slashes: they take main-only endpoints in which an id begins so, like thirdparty/protocol/tags",
		request: regexp.MustCompile(`/(tags|account_data|typing|receipt|read_markers|redact|send|state/|event/|aliases)|/(joined_members|members|messages|state|join|invite|leave|ban|unban|kick)$`),
		classes: []Class{ClassMain, ClassLoginMain, ClassRendezvous},
	},
	{
		reason:  "an empty id, for which the documentation wants a byte and the code does not",
		request: regexp.MustCompile(`^\S+ (/_matrix/client/(api/v1|r0|v3)/rooms//initialSync|/_synapse/admin/(v1/rooms|v2/users)/)$`),
		classes: []Class{ClassInitialSync, ClassWorkerAdmin},
	},
	{
		reason:  "sliding sync, unstable/sync and single events are not documented",
		request: regexp.MustCompile(`^\S+ /_matrix/client/(unstable/org\.matrix\.simplified_msc3575/sync|unstable/(sync|events|initialSync|rooms/[^/]*/initialSync)|(api/v1|r0|v3|unstable)/events/[^/]*)$`),
		classes: []Class{ClassSync, ClassInitialSync, ClassSlidingSync, ClassInitialSlidingSync, ClassClientRead},
	},
	{
		reason:  "the forms with a transaction id are not documented",
		request: regexp.MustCompile(`^PUT /_matrix/client/(api/v1|r0|v3|unstable)/(createRoom|rooms/[^/]*/(join|invite|leave|ban|unban|kick))/[^/]*$`),
		classes: []Class{ClassCreateRoom, ClassMembership},
	},
	{
		reason:  "thread subscriptions have a stream writer but no section",
		request: regexp.MustCompile(`^\S+ /_matrix/client/unstable/io\.element\.msc430[68]/`),
		classes: []Class{ClassThreadSubscriptions, ClassRoomRead, ClassClientRead},
	},
	{
		reason:  "unstable client endpoints that any worker has",
		request: regexp.MustCompile(`^\S+ /_matrix/client/unstable/(org\.matrix\.msc(3720|3814\.v1|4143|1763|3983|2965)/|org\.matrix\.msc4140/delayed_events/[^/]+$|im\.nheko\.summary/rooms/|io\.element\.msc(4502|4512)/|uk\.tcpip\.msc4133/profile/|delete_devices$|register/m\.login)`),
		classes: []Class{ClassClientRead, ClassPublic, ClassKeys, ClassRoomRead, ClassProfile, ClassDeviceLists, ClassRegister},
	},
	{
		reason:  "small endpoints of every worker",
		request: regexp.MustCompile(`^\S+ /_matrix/client/(v1|unstable)/(appservice/[^/]*/ping|auth_metadata)$`),
		classes: []Class{ClassClientRead, ClassPublic},
	},
	{
		reason:  "the deletion of account data (MSC3391) is documented by none of the forms that it has",
		request: regexp.MustCompile(`^DELETE /_matrix/client/unstable/org\.matrix\.msc3391/`),
		classes: []Class{ClassAccountData},
	},
	{
		reason:  "of CAS only the ticket is documented",
		request: regexp.MustCompile(`^\S+ /_matrix/client/(api/v1|r0|v3|unstable)/login/cas/redirect$`),
		classes: []Class{ClassSSOLogin},
	},
	{
		reason:  "the whole federation API is on workers that have it, and so are the server's keys",
		request: regexp.MustCompile(`^\S+ /_matrix/(federation/(v1/(openid/userinfo|user/keys/(query|claim)|3pid/onbind)$|unstable/)|key/v2/server)`),
		classes: []Class{ClassFederation, ClassFederationRead, ClassServerKeys},
	},
	{
		reason:  "Synapse's own pages and the API for Matrix Authentication Service are not documented",
		request: regexp.MustCompile(`^\S+ /(_synapse/(client/(unsubscribe|media_upload_limit_exceeded|v1/config/federation_whitelist|oidc/|saml2/)|mas/)|_matrix/saml2/)`),
		classes: []Class{ClassClientRead, ClassPublic, ClassSSO, ClassMASAPI},
	},
}
