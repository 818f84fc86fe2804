package synapseworkers_test

var mistakenIdentities = []mistake{
	{"identity alone", "main :8008\nidentity # wrong", []string{"either the word off, or a block with sync_budget"}},
	{"identity on", "main :8008\nidentity on # wrong", []string{"'on'", "the word off, or a block"}},
	{"identity off and more", "main :8008\nidentity off now # wrong", []string{"'now'", "the word off, or a block"}},
	{"identity off with a block", "main :8008\nidentity off {\nttl 1h\n} # wrong", []string{"either the word off, or a block"}},
	{"identity with an empty block", "main :8008\nidentity { # wrong\n}", []string{"either the word off, or a block"}},
	{"identity twice", "main :8008\nidentity off\nidentity off # wrong", []string{"identity is already given"}},
	{"unknown option of identity", "main :8008\nidentity {\ncache 5 # wrong\n}", []string{"'cache'", "expected sync_budget, budget"}},
	{"budget alone", "main :8008\nidentity {\nbudget # wrong\n}", []string{"budget takes one argument: a duration"}},
	{"two budgets in a line", "main :8008\nidentity {\nbudget 1s 2s # wrong\n}", []string{"budget takes one argument: a duration"}},
	{"budget without a unit", "main :8008\nidentity {\nsync_budget 2 # wrong\n}", []string{"'2' is not a duration", "2s"}},
	{"negative budget", "main :8008\nidentity {\nsync_budget -2s # wrong\n}", []string{"'-2s' is not a duration"}},
	{"timeout of nothing", "main :8008\nidentity {\ntimeout 0s # wrong\n}", []string{"'0s' is not a duration"}},
	{"tokens alone", "main :8008\nidentity {\ntokens # wrong\n}", []string{"tokens takes one argument: a number"}},
	{"no tokens", "main :8008\nidentity {\ntokens 0 # wrong\n}", []string{"'0' is not a number of tokens", "1 or more"}},
	{"many look-ups", "main :8008\nidentity {\nlook_ups many # wrong\n}", []string{"'many' is not a number of look_ups"}},
}
