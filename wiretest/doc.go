// Package wiretest tests the proxy at its edges: the real one, in front of
// workers that are raw sockets, with clients that are raw sockets. What is true
// of the bytes on both sides is true for users.
package wiretest
