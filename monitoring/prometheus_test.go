//go:build prometheus

package monitoring

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// timeout ends every wait of a test: what has not happened by then, never will.
const timeout = 2 * time.Minute

// prometheus is a running Prometheus.
type prometheus struct {
	t    *testing.T
	addr string
}

// freeAddress returns an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// watch runs a Prometheus that scrapes a target often, with the rules of this
// folder, until the test ends.
func watch(t *testing.T, target string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: caddy
    metrics_path: /scrape
    static_configs: [{targets: [%q]}]
`, rules, target)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{t: t, addr: freeAddress(t)}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+p.addr)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal("starting Prometheus (Debian has a package of that name): ", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if content, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("Prometheus says:\n%.4000s", content)
		}
	})
	p.await("Prometheus", func() bool {
		res, err := http.Get("http://" + p.addr + "/-/ready")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

// await waits for something in another process.
func (p *prometheus) await(what string, happened func() bool) {
	p.t.Helper()
	for end := time.Now().Add(timeout); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("in vain awaited: %s", what)
		}
	}
}

// get asks the API.
func (p *prometheus) get(path string, data any) error {
	res, err := http.Get("http://" + p.addr + "/api/v1/" + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return nil
}

// has reports whether a query has a number for an answer.
func (p *prometheus) has(query string) bool {
	p.t.Helper()
	var data struct {
		Result []struct{ Value [2]any }
	}
	if err := p.get("query?query="+url.QueryEscape(query), &data); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	for _, sample := range data.Result {
		number, err := strconv.ParseFloat(fmt.Sprint(sample.Value[1]), 64)
		if err == nil && number == number {
			return true
		}
	}
	return false
}

// promtool checks files, as its arguments say.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("promtool", args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
