package audit

// Rule is something that should be true of a proxy and a homeserver.
type Rule struct {
	Name string

	// Severity is that of most findings: some are less bad.
	Severity Severity

	// Finds says in a line what breaks the rule.
	Finds string

	find func(*inspection) []Finding
}

// Rules are all of them.
var Rules = []Rule{
	{"nobody_listens", Error, "an upstream where no process listens", (*inspection).nobodyListens},
	{"replication", Error, "an upstream that is a replication listener", (*inspection).replicationAsUpstream},
	{"resource", Error, "a worker without `client`, `federation` or `media` for what it is sent", (*inspection).missingResource},
	{"unused", Warning, "a listener that is in no pool", (*inspection).unusedListener},
	{"x_forwarded", Error, "a listener that takes the proxy for the client", (*inspection).notForwarded},

	{"writer", Error, "a stream that is sent to a process which does not write it", (*inspection).wrongWriter},
	{"writer_unrouted", Error, "a writer that is not asked", (*inspection).unroutedWriter},
	{"writer_count", Error, "two writers of a stream that takes one", (*inspection).writerCount},
	{"writers_restart", Warning, "processes that did not restart when writers, senders or pushers may have changed", (*inspection).notRestarted},

	{"instance_map", Error, "a process that others cannot find", (*inspection).missingInstance},
	{"unknown_process", Error, "a setting that names a process without a file", (*inspection).unknownProcess},
	{"job", Error, "work in the background that two processes do, or none", (*inspection).jobOfSeveral},
	{"differs", Error, "a worker that disagrees with main on who does what", (*inspection).differs},

	{"media_off", Error, "media that goes to main, where it is switched off", (*inspection).mediaOff},
	{"media_twice", Warning, "workers for media while main serves it too", (*inspection).mediaTwice},
	{"media_storage", Error, "media repositories without shared storage", (*inspection).mediaStorage},
	{"quarantine", Error, "a media repository that is asked to quarantine, but does not write that stream", (*inspection).quarantine},
	{"upload_size", Error, "another limit of uploads than Synapse's", (*inspection).uploadSize},

	{"mas", Error, "Matrix Authentication Service on one side only", (*inspection).mas},
	{"sso", Error, "single sign-on at several processes, or set up nowhere", (*inspection).sso},
	{"presence", Error, "presence that is off on one side only", (*inspection).presence},

	{"version", Error, "endpoints of another release than the one that runs, or that reads such files", (*inspection).version},
	{"request_id", Warning, "a request id that Synapse does not read", (*inspection).requestID},
	{"token_log", Warning, "an access log that shows access tokens", (*inspection).tokenLog},
}
