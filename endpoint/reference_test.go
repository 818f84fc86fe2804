package endpoint

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The slow reference: the regexes of Synapse itself, tried one after another.

//go:embed testdata/registered.txt
var registeredText string

//go:embed testdata/documented.txt
var documentedText string

// A pattern is one regex of Synapse, with the process that registers it or the
// section of the documentation that lists it.
type pattern struct {
	label   string
	methods []string
	regex   *regexp.Regexp
	prefix  string // every match begins with it; saves most attempts
}

var (
	registered = readPatterns(registeredText)
	documented = readPatterns(documentedText)
)

func readPatterns(text string) []pattern {
	var patterns []pattern
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		p := pattern{label: words[0], methods: strings.Split(words[1], ",")}
		p.regex = regexp.MustCompile(words[2])
		// LiteralPrefix does not look behind the ^.
		p.prefix, _ = regexp.MustCompile(strings.TrimPrefix(words[2], "^")).LiteralPrefix()
		patterns = append(patterns, p)
	}
	return patterns
}

// labels lists, without repetition, the labels of the patterns that a request
// matches.
func labels(patterns []pattern, method, path string) []string {
	if method == "HEAD" {
		method = "GET"
	}
	var found []string
	for _, p := range patterns {
		if strings.HasPrefix(path, p.prefix) && !slices.Contains(found, p.label) &&
			(p.methods[0] == "*" || slices.Contains(p.methods, method)) &&
			p.regex.MatchString(path) {
			found = append(found, p.label)
		}
	}
	return found
}

// suits tells whether a class sends its requests where Synapse serves an
// endpoint that is registered so.
func suits(class Class, where string) bool {
	traits := class.Traits()
	stream, written := strings.CutPrefix(where, "writer:")
	switch {
	case written:
		return traits.Hard && traits.Types[0] == WorkerType(stream)
	case where == "main":
		return len(traits.Types) == 0
	case where == "worker":
		return len(traits.Types) > 0 && !traits.Alone && !slices.Equal(traits.Types, types(MASHelper))
	case where == "media":
		return slices.Equal(traits.Types, types(MediaRepository)) && !traits.Hard
	case where == "sso":
		return slices.Equal(traits.Types, types(SSO))
	case where == "mas":
		return slices.Equal(traits.Types, types(MASHelper))
	case where == "nowhere":
		return len(traits.Types) == 0
	}
	return false
}

// sections are the sections of the documentation with the classes that their
// endpoints have here. The documentation lists some endpoints twice, for any
// worker and for the writer of a stream; either will do.
var sections = map[string][]Class{
	"generic_worker/sync":                      {ClassSync, ClassInitialSync},
	"generic_worker/federation":                {ClassFederation, ClassFederationRead, ClassServerKeys},
	"generic_worker/federation_inbound":        {ClassFederationInbound},
	"generic_worker/client":                    {ClassClientRead, ClassRoomRead, ClassPublic, ClassCreateRoom, ClassDeviceLists},
	"generic_worker/pagination":                {ClassRoomRead},
	"generic_worker/sso":                       {ClassSSOLogin, ClassSSO},
	"generic_worker/sso_oidc":                  {ClassSSO},
	"generic_worker/sso_saml":                  {ClassSSO},
	"generic_worker/sso_cas":                   {ClassSSOLogin},
	"generic_worker/registration":              {ClassLogin, ClassRegister, ClassPublic},
	"generic_worker/encryption":                {ClassKeys, ClassDeviceLists},
	"generic_worker/event_sending":             {ClassSend, ClassState, ClassMembership, ClassProfile, ClassRoomRead},
	"generic_worker/user_directory":            {ClassUserDirectory},
	"generic_worker/msc4140_delayed_events":    {ClassClientRead},
	"generic_worker/admin":                     {ClassWorkerAdmin},
	"generic_worker_get/admin":                 {ClassWorkerAdmin},
	"generic_worker_get/push_rules":            {ClassClientRead},
	"generic_worker_get/account_data":          {ClassClientRead, ClassRoomRead},
	"generic_worker_get/presence":              {ClassPresenceRead},
	"stream_writers/typing":                    {ClassTyping},
	"stream_writers/to_device":                 {ClassToDevice},
	"stream_writers/account_data":              {ClassAccountData, ClassClientRead, ClassRoomRead},
	"stream_writers/receipts":                  {ClassReceipts},
	"stream_writers/presence":                  {ClassPresence, ClassPresenceRead},
	"stream_writers/push_rules":                {ClassPushRules, ClassClientRead},
	"stream_writers/device_lists":              {ClassDeviceLists},
	"stream_writers/quarantined_media_changes": {ClassQuarantine},
	"user_directory":                           {ClassUserDirectory},
	"user_dir_app_deprecated":                  {ClassUserDirectory},
	"media_repository":                         {ClassMedia, ClassMediaUpload, ClassMediaAdmin, ClassQuarantine},
}

// checkAgainstReference fails the test if the compiled table and the regexes
// of Synapse send a request to different places.
func checkAgainstReference(t *testing.T, method, path, query string) {
	t.Helper()
	m := Newest().Classify(method, path, query)
	request := method + " " + path

	places := labels(registered, method, path)
	if len(places) == 0 {
		places = []string{"nowhere"}
	}
	suitable := func(where string) bool { return suits(m.Class, where) }
	if !slices.ContainsFunc(places, suitable) && !excused(fromCode, request, m.Class) {
		t.Errorf("%s is registered on %q but has the class %s", request, places, m.Class)
	}
	if places[0] == "nowhere" {
		return // where Synapse has nothing, its documentation says nothing
	}

	listed := labels(documented, method, path)
	agrees := func(section string) bool { return slices.Contains(sections[section], m.Class) }
	asDocumented := slices.ContainsFunc(listed, agrees) || len(listed) == 0 && suits(m.Class, "main")
	if !asDocumented && !excused(fromDocs, request, m.Class) {
		t.Errorf("%s is documented in %q but has the class %s", request, listed, m.Class)
	}
}

func excused(differences []difference, request string, class Class) bool {
	return slices.ContainsFunc(differences, func(d difference) bool {
		return slices.Contains(d.classes, class) && d.request.MatchString(request)
	})
}
