package endpoint

import "slices"

// A WorkerType is a role that operators give to Synapse processes. The words
// are those of Synapse's own configuration (its worker apps and its
// stream_writers) and the roles that its Docker image and Element's Helm chart
// made common.
type WorkerType string

// Worker types that serve requests.
const (
	GenericWorker       WorkerType = "generic_worker" // whatever any worker may serve alone
	Synchrotron         WorkerType = "synchrotron"
	InitialSynchrotron  WorkerType = "initial_synchrotron"
	SlidingSync         WorkerType = "sliding_sync"
	ClientReader        WorkerType = "client_reader"
	EventCreator        WorkerType = "event_creator"
	FederationReader    WorkerType = "federation_reader"
	FederationInbound   WorkerType = "federation_inbound"
	UserDir             WorkerType = "user_dir"
	MediaRepository     WorkerType = "media_repository"
	SSO                 WorkerType = "sso"
	MASHelper           WorkerType = "mas_helper"
	FrontendProxy       WorkerType = "frontend_proxy" // Synapse below 1.73
	TypingWriter        WorkerType = "typing"
	ToDeviceWriter      WorkerType = "to_device"
	ReceiptsWriter      WorkerType = "receipts"
	AccountDataWriter   WorkerType = "account_data"
	PresenceWriter      WorkerType = "presence"
	PushRulesWriter     WorkerType = "push_rules"
	DeviceListsWriter   WorkerType = "device_lists"
	ThreadSubscriptions WorkerType = "thread_subscriptions"
	QuarantinedMedia    WorkerType = "quarantined_media_changes"
)

// Worker types that serve no requests. They are known so that their health can
// be watched and reported.
const (
	Pusher           WorkerType = "pusher"
	Appservice       WorkerType = "appservice"
	FederationSender WorkerType = "federation_sender"
	BackgroundWorker WorkerType = "background_worker"
	EventPersister   WorkerType = "event_persister"
)

var routedTypes = []WorkerType{
	GenericWorker,
	Synchrotron, InitialSynchrotron, SlidingSync,
	ClientReader, EventCreator,
	FederationReader, FederationInbound,
	UserDir, MediaRepository, SSO, MASHelper, FrontendProxy,
	TypingWriter, ToDeviceWriter, ReceiptsWriter, AccountDataWriter, PresenceWriter,
	PushRulesWriter, DeviceListsWriter, ThreadSubscriptions, QuarantinedMedia,
}

var silentTypes = []WorkerType{
	Pusher, Appservice, FederationSender, BackgroundWorker, EventPersister,
}

// WorkerTypes lists every known type, those that serve requests first.
func WorkerTypes() []WorkerType {
	return slices.Concat(routedTypes, silentTypes)
}

// ParseWorkerType tells whether name is a known worker type.
func ParseWorkerType(name string) (WorkerType, bool) {
	t := WorkerType(name)
	if slices.Contains(routedTypes, t) || slices.Contains(silentTypes, t) {
		return t, true
	}
	return "", false
}

// String returns the type as it is written in a configuration.
func (t WorkerType) String() string { return string(t) }

// Routed tells whether workers of this type get requests at all.
func (t WorkerType) Routed() bool {
	return slices.Contains(routedTypes, t)
}

// OnlyOne tells whether a second worker of this type would be an error: it
// answers with one itself, or has not heard of what the first one knows.
// Synapse's config/workers.py takes exactly one writer of the streams typing,
// to_device, push_rules and presence. Any other process refuses the writes of
// the first three, and to say whose presence is what (1.163.2,
// handlers/presence.py is_visible). Single sign-on keeps its sessions in the
// memory of one process.
func (t WorkerType) OnlyOne() bool {
	switch t {
	case TypingWriter, ToDeviceWriter, PushRulesWriter, PresenceWriter, SSO:
		return true
	default:
		return false
	}
}

// ShouldBeOne tells whether Synapse appoints one process to this work, though
// requests to a second one come to no harm. One that does not write the stream
// account_data hands its writes over; notify_appservices_from_worker and
// run_background_tasks_on name one process each.
func (t WorkerType) ShouldBeOne() bool {
	switch t {
	case AccountDataWriter, Appservice, BackgroundWorker:
		return true
	default:
		return false
	}
}
