//go:build linux && reliability

package reliability

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a DNS server that knows one name, and says of it what it is
// told: where the workers are, if anywhere.
type nameServer struct {
	t       *testing.T
	address string

	mu      sync.Mutex
	conn    net.PacketConn // nil while it is down
	workers []netip.AddrPort
}

// nameWorkers starts a DNS server that knows where these workers are.
func nameWorkers(t *testing.T, workers ...*worker) *nameServer {
	t.Helper()
	s := &nameServer{t: t, address: "127.0.0.1:0"}
	s.tell(workers...)
	s.start()
	t.Cleanup(s.stop)
	return s
}

// tell tells the server where the workers are from now on.
func (s *nameServer) tell(workers ...*worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers = nil
	for _, w := range workers {
		s.workers = append(s.workers, netip.MustParseAddrPort(w.address))
	}
}

// start makes the server answer, at the same place each time.
func (s *nameServer) start() {
	s.t.Helper()
	conn, err := net.ListenPacket("udp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.conn, s.address = conn, conn.LocalAddr().String()
	go s.serve(conn)
}

// stop makes the server refuse questions.
func (s *nameServer) stop() { _ = s.conn.Close() }

func (s *nameServer) serve(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(buffer[:n]) != nil || len(question.Questions) != 1 {
			continue
		}
		answer := s.answer(question)
		packed, err := answer.Pack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.WriteTo(packed, from)
	}
}

// answer answers questions for addresses, and for services, which are all on
// one host.
func (s *nameServer) answer(question dnsmessage.Message) dnsmessage.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := question.Questions[0]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: question.Questions,
	}
	for _, w := range s.workers {
		var body dnsmessage.ResourceBody
		switch asked.Type {
		case dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: w.Addr().As4()}
		case dnsmessage.TypeSRV:
			body = &dnsmessage.SRVResource{Port: w.Port(), Target: dnsmessage.MustNewName("host.test.")}
		default:
			continue
		}
		head := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class}
		answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: body})
	}
	return answer
}
