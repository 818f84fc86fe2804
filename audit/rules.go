package audit

// rule is something that should be true of a proxy and a homeserver.
type rule struct {
	name     string
	severity Severity
	find     func(*inspection) []Finding
}

// rules are all of them. A finding may be of another severity than its rule.
var rules = []rule{
	// Addresses.
	{"nobody_listens", Error, (*inspection).nobodyListens},
	{"replication", Error, (*inspection).replicationAsUpstream},
	{"resource", Error, (*inspection).missingResource},
	{"unused", Warning, (*inspection).unusedListener},
	{"x_forwarded", Error, (*inspection).notForwarded},

	// Streams.
	{"writer", Error, (*inspection).wrongWriter},
	{"writer_unrouted", Error, (*inspection).unroutedWriter},
	{"writer_count", Error, (*inspection).writerCount},
	{"writers_restart", Warning, (*inspection).notRestarted},

	// Work that certain processes do.
	{"unknown_process", Error, (*inspection).unknownProcess},
	{"job", Error, (*inspection).jobOfSeveral},
	{"differs", Error, (*inspection).differs},

	// Media.
	{"media_off", Error, (*inspection).mediaOff},
	{"media_twice", Warning, (*inspection).mediaTwice},
	{"media_storage", Error, (*inspection).mediaStorage},
	{"upload_size", Error, (*inspection).uploadSize},

	// Logins and presence.
	{"mas", Error, (*inspection).mas},
	{"sso", Error, (*inspection).sso},
	{"presence", Error, (*inspection).presence},

	// The rest.
	{"version", Error, (*inspection).version},
	{"request_id", Warning, (*inspection).requestID},
}

// Rules lists the names of all rules.
func Rules() []string {
	all := make([]string, len(rules))
	for i, rule := range rules {
		all[i] = rule.name
	}
	return all
}
