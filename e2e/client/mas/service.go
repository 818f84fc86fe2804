// Package mas stands in for Matrix Authentication Service: it makes access tokens, tells Synapse whose they are, and
// makes users and devices at Synapse, all by the interfaces that MAS and Synapse have. Whoever logs in is let in.
package mas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config says where the service is, and whom it serves.
type Config struct {
	Address    string // where Synapse and the proxy find it
	ServerName string // the homeserver's
	Synapse    string // the address of Synapse's main process
	Secret     string // shared with Synapse
}

// Service can be stopped and started again, and knows its sessions still.
type Service struct {
	config Config

	mu       sync.Mutex
	sessions map[string]*Session // by each token that is valid, for access or for refreshing
	held     chan struct{}       // if not nil, what the next introspection waits for
	server   *http.Server
}

// Session is a device that is logged in.
type Session struct {
	Kind           Kind
	User, Device   string
	Token, Refresh string

	service *Service
}

// New makes a service that does not listen yet.
func New(config Config) *Service {
	return &Service{config: config, sessions: make(map[string]*Session)}
}

// Start listens. It returns when requests are taken.
func (s *Service) Start() error {
	listener, err := net.Listen("tcp", s.config.Address)
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: s.endpoints(), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }() // until Stop
	return nil
}

// Stop closes every connection, and takes no new ones.
func (s *Service) Stop() error {
	return s.server.Close()
}

// Open logs a device in, and tells Synapse of the user and the device.
func (s *Service) Open(kind Kind, user, device string) (*Session, error) {
	if err := s.tell("provision_user", map[string]string{"localpart": user}); err != nil {
		return nil, err
	}
	if err := s.tell("upsert_device", map[string]string{"localpart": user, "device_id": device}); err != nil {
		return nil, err
	}
	session := &Session{Kind: kind, User: user, Device: device, service: s}
	session.Renew()
	return session, nil
}

// Renew gives the session new tokens. The old ones are of no use any more.
func (s *Session) Renew() {
	s.service.mu.Lock()
	defer s.service.mu.Unlock()
	s.forget()
	s.Token = newToken(s.Kind, s.User)
	s.Refresh = Token(s.Kind[:1]+"cr", randomText(30))
	s.service.sessions[s.Token], s.service.sessions[s.Refresh] = s, s
}

// End revokes the session's tokens. The device is gone from Synapse when it returns.
func (s *Session) End() error {
	s.service.mu.Lock()
	s.forget()
	s.service.mu.Unlock()
	return s.service.tell("delete_device", map[string]string{"localpart": s.User, "device_id": s.Device})
}

func (s *Session) forget() {
	delete(s.service.sessions, s.Token)
	delete(s.service.sessions, s.Refresh)
}

// HoldNext lets the next introspection wait for release. Those after it are answered at once.
func (s *Service) HoldNext() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.held = held
	return sync.OnceFunc(func() { close(held) })
}

// tell asks Synapse to do something, as MAS does.
func (s *Service) tell(what string, body any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, s.config.Synapse+"/_synapse/mas/"+what, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.config.Secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: synapse answered %s", what, response.Status)
	}
	return nil
}
