package synapseworkers

import "net/http"

// untold readies an answer for a client that may still wait to be told to send
// its body, which it will not be. The server would wait for the body in turn,
// unless the connection ends with the answer.
func untold(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && r.Header.Get("Expect") != "" {
		w.Header().Set("Connection", "close")
	}
}
