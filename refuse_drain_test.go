package synapseworkers_test

var mistakenDrains = []mistake{
	{"drain of an unknown worker", "main :8008\nsynchrotron s1=:1 s2=:2 {\ndrain s3 # wrong\n}", []string{"unknown worker 's3'", "expected one of s1, s2"}},
	{"drain of a named worker by its address", "main :8008\nsynchrotron s1=127.0.0.1:1 127.0.0.1:2 {\ndrain 127.0.0.1:1 # wrong\n}", []string{"unknown worker '127.0.0.1:1'", "expected one of s1, 127.0.0.1:2"}},
	{"drain of another pool's worker", "main :8008\nsynchrotron s1=:1 {\ndrain e1 # wrong\n}\nevent_creator e1=:2", []string{"unknown worker 'e1'", "expected one of s1"}},
	{"drain of one unknown among several", "main :8008\nsynchrotron s1=:1 s2=:2 {\ndrain s1 s3 # wrong\n}", []string{"unknown worker 's3'"}},
	{"drain of a range", "main :8008\nsynchrotron 127.0.0.1:1-2 {\ndrain 127.0.0.1:1-2 # wrong\n}", []string{"unknown worker '127.0.0.1:1-2'", "expected one of 127.0.0.1:1, 127.0.0.1:2"}},
	{"drain twice on a line", "main :8008\nsynchrotron s1=:1 s2=:2 {\ndrain s1 s1 # wrong\n}", []string{"'s1' is drained twice"}},
	{"drain twice", "main :8008\nsynchrotron s1=:1 s2=:2 {\ndrain s1\ndrain s1 # wrong\n}", []string{"'s1' is drained twice"}},
	{"drain without a word", "main :8008\nsynchrotron s1=:1 {\ndrain # wrong\n}", []string{"drain"}},
	{"drain at the top", "main :8008\nsynchrotron s1=:1\ndrain s1 # wrong", []string{"'drain'", "expected"}},
	{"drain of main", "main :8008 {\ndrain :8008 # wrong\n}", []string{"nothing else can answer"}},
	{"drain of mas", "main :8008\nmas :1 {\ndrain :1 # wrong\n}", []string{"nothing else can answer"}},
	{"drain of a silent type", "main :8008\npusher :1 :2 {\ndrain :1 # wrong\n}", []string{"no requests are routed"}},
	{"drain with a foreign policy", "main :8008\nsynchrotron s1=:1 s2=:2 {\ndrain s1 # wrong\nlb_policy least_conn\n}", []string{"needs lb_policy synapse_sticky"}},
	{"drain with a foreign policy by default", "main :8008\nlb_policy first\nsynchrotron s1=:1 s2=:2 {\ndrain s1 # wrong\n}", []string{"needs lb_policy synapse_sticky"}},
	{"drain of a dynamic upstream", "main :8008\nsynchrotron {\ndynamic a example.com 80\ndrain s1 # wrong\n}", []string{"unknown worker 's1'", "lists none by name"}},
}
