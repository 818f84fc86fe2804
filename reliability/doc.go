// Package reliability tests what is promised under faults, on real processes:
// the proxy, its workers and its clients have nothing in common but sockets,
// and what is killed is gone.
//
// Most of it is one machine. TestHosts has several, in networks of their own, with
// a DNS server between them.
//
// The tests are for Linux, with the build tag reliability. They take about four
// minutes: .ci/run runs them so, with two minutes of load. With
// RELIABILITY=full, as .ci/soak runs them, they are as large as the promises of
// the README. LOAD_TIME says how long the load takes.
// CADDY names the proxy's program; without it, the test's own program, which
// has all of it, is started.
package reliability
