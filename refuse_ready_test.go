package synapseworkers_test

var mistakenReadiness = []mistake{
	{"synapse_ready with an unknown pool", ":80 {\nsynapse_ready synchotron # wrong\n}", []string{"'synchotron'", "expected main, mas", "synchrotron"}},
	{"synapse_ready with a block", ":80 {\nsynapse_ready {\nmain # wrong\n}\n}", []string{"'main'", "no block"}},
}
