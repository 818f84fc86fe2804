package endpoint

import "strings"

// Methods is a set of HTTP methods. HEAD is not a member of its own: Synapse
// answers it as GET.
type Methods uint8

const (
	methodGet Methods = 1 << iota
	methodPost
	methodPut
	methodDelete
	methodOther
	anyMethod Methods = 1<<iota - 1
)

var methodNames = []struct {
	method Methods
	name   string
}{
	{methodGet, "GET"}, {methodPost, "POST"}, {methodPut, "PUT"}, {methodDelete, "DELETE"},
}

// String lists the methods with commas between them; all of them are "*".
func (m Methods) String() string {
	if m == anyMethod {
		return "*"
	}
	var names []string
	for _, known := range methodNames {
		if m.has(known.method) {
			names = append(names, known.name)
		}
	}
	return strings.Join(names, ",")
}

func (m Methods) has(other Methods) bool { return m&other == other }

// methodOf returns the set that holds only the method of a request.
func methodOf(name string) Methods {
	switch name {
	case "GET", "HEAD":
		return methodGet
	case "POST":
		return methodPost
	case "PUT":
		return methodPut
	case "DELETE":
		return methodDelete
	default:
		return methodOther
	}
}
