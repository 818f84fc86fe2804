// Package dnstest is a name server on loopback, which says what it is told.
package dnstest

import (
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Server is a name server. It answers at once, unless told otherwise, and knows
// nobody at first.
type Server struct {
	// Address is where it listens, on UDP and on TCP.
	Address string

	t testing.TB

	mu     sync.Mutex
	conn   net.PacketConn
	stream net.Listener
	hosts  map[string][]netip.Addr
	srv    map[string][]Service
	manner Manner
	asked  map[string]int
}

// Service is what an SRV record says: a host and a port.
type Service struct {
	Target string
	Port   uint16
}

// Manner is how a server answers.
type Manner uint8

// The manners.
const (
	Truthful Manner = iota
	Failing         // every answer is SERVFAIL
	Silent          // there is no answer
)

// Start starts a server that lasts as long as the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Address: "127.0.0.1:0", t: t,
		hosts: make(map[string][]netip.Addr), srv: make(map[string][]Service), asked: make(map[string]int),
	}
	s.Revive()
	t.Cleanup(s.Kill)
	return s
}

// Revive makes a killed server answer again, where it did before.
func (s *Server) Revive() {
	s.t.Helper()
	conn, stream, err := listen(s.Address)
	for tries := 0; err != nil && tries < 10; tries++ { // the port may be taken, for TCP
		conn, stream, err = listen(s.Address)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.conn, s.stream, s.Address = conn, stream, conn.LocalAddr().String()
	s.mu.Unlock()
	go s.servePackets(conn)
	go s.serveStreams(stream)
}

// listen listens at an address, on UDP and on TCP.
func listen(address string) (net.PacketConn, net.Listener, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, nil, err
	}
	stream, err := net.Listen("tcp", conn.LocalAddr().String())
	if err != nil {
		_ = conn.Close()
	}
	return conn, stream, err
}

// Kill makes the server refuse questions.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.Close()
	_ = s.stream.Close()
}

// Be makes the server answer in a manner.
func (s *Server) Be(manner Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = manner
}

// Host tells the server where a host is; nowhere, if no address is given.
func (s *Server) Host(name string, addresses ...string) {
	var ips []netip.Addr
	for _, address := range addresses {
		ips = append(ips, netip.MustParseAddr(address))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name] = ips
}

// Services tells the server which services a name has.
func (s *Server) Services(name string, services ...Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.srv[name] = services
}

// Asked returns how often the server was asked for a name, of any type.
func (s *Server) Asked(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// longestPacket is how many bytes an answer may have that is not sent by TCP.
const longestPacket = 1232

func (s *Server) servePackets(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if packed := s.reply(buffer[:n], longestPacket); packed != nil {
			_, _ = conn.WriteTo(packed, from)
		}
	}
}

// serveStreams answers one question on each connection.
func (s *Server) serveStreams(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			var length uint16
			if binary.Read(conn, binary.BigEndian, &length) != nil {
				return
			}
			question := make([]byte, length)
			if _, err := io.ReadFull(conn, question); err != nil {
				return
			}
			if packed := s.reply(question, math.MaxUint16); packed != nil {
				_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...))
			}
		}()
	}
}

// reply is the answer to a question, nil if there is none.
func (s *Server) reply(packed []byte, longest int) []byte {
	var question dnsmessage.Message
	if question.Unpack(packed) != nil || len(question.Questions) != 1 {
		return nil
	}
	answer, silent := s.answer(question)
	if silent {
		return nil
	}
	packed, err := answer.Pack()
	if err == nil && len(packed) > longest {
		answer.Truncated, answer.Answers = true, nil
		packed, err = answer.Pack()
	}
	if err != nil {
		panic(err)
	}
	return packed
}

// answer answers a question, or tells to be silent.
func (s *Server) answer(question dnsmessage.Message) (answer dnsmessage.Message, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := question.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(asked.Name.String(), "."))
	s.asked[name]++
	answer = dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: question.Questions,
	}
	hosts, isHost := s.hosts[name]
	services, isService := s.srv[name]
	switch {
	case s.manner == Failing:
		answer.RCode = dnsmessage.RCodeServerFailure
	case !isHost && !isService:
		answer.RCode = dnsmessage.RCodeNameError
	}
	add := func(body dnsmessage.ResourceBody) {
		head := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class}
		answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: body})
	}
	for _, ip := range hosts {
		switch {
		case answer.RCode != dnsmessage.RCodeSuccess:
		case asked.Type == dnsmessage.TypeA && ip.Is4():
			add(&dnsmessage.AResource{A: ip.As4()})
		case asked.Type == dnsmessage.TypeAAAA && ip.Is6():
			add(&dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
	}
	for _, service := range services {
		if answer.RCode == dnsmessage.RCodeSuccess && asked.Type == dnsmessage.TypeSRV {
			add(&dnsmessage.SRVResource{Port: service.Port, Target: dnsmessage.MustNewName(service.Target + ".")})
		}
	}
	return answer, s.manner == Silent
}
