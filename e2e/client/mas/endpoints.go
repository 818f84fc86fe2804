package mas

import (
	"encoding/json"
	"net/http"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// endpoints are those that Synapse asks, and those that clients find where Synapse had them.
func (s *Service) endpoints() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.metadata)
	mux.HandleFunc("POST /oauth2/introspect", s.introspect)
	mux.HandleFunc("POST /_matrix/client/v3/login", s.login)
	mux.HandleFunc("POST /_matrix/client/v3/refresh", s.refresh)
	mux.HandleFunc("POST /_matrix/client/v3/logout", s.logout)
	return mux
}

func (s *Service) metadata(w http.ResponseWriter, _ *http.Request) {
	issuer := "http://" + s.config.Address + "/"
	write(w, map[string]string{"issuer": issuer, "account_management_uri": issuer + "account/"})
}

// introspect tells Synapse whose a token is. Those of the old login are told with the device in a field of its own.
func (s *Service) introspect(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+s.config.Secret {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	session, held := s.find(r.PostFormValue("token"))
	if held != nil {
		<-held
	}
	if session == nil {
		write(w, map[string]any{"active": false})
		return
	}
	answer := map[string]any{
		"active":     true,
		"scope":      "urn:matrix:org.matrix.msc2967.client:api:*",
		"username":   session.User,
		"token_type": "access_token",
	}
	if session.Kind == OAuth {
		answer["scope"] = "openid urn:matrix:client:api:* urn:matrix:client:device:" + session.Device
		answer["expires_in"] = 300
	} else {
		answer["device_id"] = session.Device
	}
	write(w, answer)
}

// find looks a token up. The first to ask after HoldNext is to wait.
func (s *Service) find(token string) (session *Session, held chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, held, s.held = s.sessions[token], s.held, nil
	return session, held
}

func (s *Service) login(w http.ResponseWriter, r *http.Request) {
	var asked mautrix.ReqLogin
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	session, err := s.Open(Compat, asked.Identifier.User, randomText(10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	write(w, map[string]any{
		"user_id":       id.NewUserID(session.User, s.config.ServerName),
		"device_id":     session.Device,
		"access_token":  session.Token,
		"refresh_token": session.Refresh,
	})
}

func (s *Service) refresh(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Token string `json:"refresh_token"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	session, _ := s.find(asked.Token)
	if session == nil {
		http.Error(w, `{"errcode":"M_UNKNOWN_TOKEN"}`, http.StatusUnauthorized)
		return
	}
	session.Renew()
	write(w, map[string]string{"access_token": session.Token, "refresh_token": session.Refresh})
}

func (s *Service) logout(w http.ResponseWriter, r *http.Request) {
	session, _ := s.find(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if session == nil {
		http.Error(w, `{"errcode":"M_UNKNOWN_TOKEN"}`, http.StatusUnauthorized)
		return
	}
	if err := session.End(); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	write(w, struct{}{})
}

func write(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
