package synapseworkers_test

const docker = "testdata/deployments/docker/"

var mistakenFiles = []mistake{
	{"from_synapse without a file", "from_synapse # wrong", []string{"from_synapse", "homeserver.yaml"}},
	{"from_synapse of no file", "from_synapse testdata/missing.yaml # wrong", []string{"from_synapse", "testdata/missing.yaml", "no such file"}},
	{"from_synapse with workers that are none", "from_synapse " + docker + "homeserver.yaml testdata/missing/*.yaml # wrong", []string{"no file matches 'testdata/missing/*.yaml'"}},
	{"from_synapse of a worker", "from_synapse " + docker + "workers/sso1.yaml # wrong", []string{"missing server_name"}},
	{"from_synapse of another file", "from_synapse README.md # wrong", []string{"README.md"}},
	{"from_synapse twice", "from_synapse " + docker + "homeserver.yaml\nfrom_synapse " + docker + "homeserver.yaml # wrong", []string{"from_synapse is already given"}},
	{"from_synapse with an unknown option", "from_synapse " + docker + "homeserver.yaml {\nwach # wrong\n}", []string{"'wach'", "expected watch"}},
	{"watch with a word", "from_synapse " + docker + "homeserver.yaml {\nwatch 5s # wrong\n}", []string{"'5s'", "stands alone"}},
	{"watch twice", "from_synapse " + docker + "homeserver.yaml {\nwatch\nwatch # wrong\n}", []string{"watch is already given"}},
	{"watch with a block", "from_synapse " + docker + "homeserver.yaml {\nwatch { # wrong\nx\n}\n}", []string{"watch"}},
	{"nothing in the files for a line without upstreams", "from_synapse " + docker + "homeserver.yaml " + docker + "workers\nto_device { # wrong\nlb_retries 1\n}", []string{"missing upstream"}},
	{"a type twice beside from_synapse", "from_synapse " + docker + "homeserver.yaml " + docker + "workers\ntyping :1\ntyping :2 # wrong", []string{"'typing'", "already given"}},
}
