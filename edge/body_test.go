package edge

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
)

func bodyOf(text string, limit int64) *Body {
	return NewBody(io.NopCloser(strings.NewReader(text)), limit)
}

func TestBodyWithinItsLimit(t *testing.T) {
	b := bodyOf("12345", 5)
	got, err := io.ReadAll(iotest.OneByteReader(b))
	if string(got) != "12345" || err != nil || b.Fault() != nil {
		t.Errorf("read %q, %v, fault %v", got, err, b.Fault())
	}
}

// A source that has ended is left alone: the server may be done with it.
func TestBodyEndsOnce(t *testing.T) {
	reads := 0
	b := NewBody(io.NopCloser(readerFunc(func([]byte) (int, error) {
		reads++
		return 1, io.EOF
	})), 5)
	for range 3 {
		_, _ = io.ReadAll(b)
	}
	if reads != 1 || b.Fault() != nil {
		t.Errorf("%d reads, fault %v", reads, b.Fault())
	}
}

// readerFunc is a source.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestBodyBeyondItsLimit(t *testing.T) {
	b := bodyOf("123456", 5)
	got, err := io.ReadAll(b)
	if string(got) != "12345" || err == nil || b.Fault() != ErrTooLarge {
		t.Errorf("read %q, %v, fault %v", got, err, b.Fault())
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("then %d, %v", n, err)
	}
}

// A limit may be the largest number that there is.
func TestBodyWithoutALimit(t *testing.T) {
	got, err := io.ReadAll(bodyOf("12345", math.MaxInt64))
	if string(got) != "12345" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestBodyThatTheClientBreaksOff(t *testing.T) {
	b := NewBody(io.NopCloser(io.MultiReader(strings.NewReader("12"), iotest.ErrReader(io.ErrUnexpectedEOF))), 5)
	if _, err := io.ReadAll(b); err == nil || b.Fault() != ErrBadBody {
		t.Errorf("%v, fault %v", err, b.Fault())
	}
}

// A transport that gave up closes the body: what then fails is not the
// client's doing.
func TestBodyThatTheTransportCloses(t *testing.T) {
	b := NewBody(io.NopCloser(iotest.ErrReader(errors.New("read after close"))), 5)
	_ = b.Close()
	if _, err := io.ReadAll(b); err == nil || b.Fault() != nil {
		t.Errorf("%v, fault %v", err, b.Fault())
	}
}

func TestBufferedBodyIsFreshForEachTry(t *testing.T) {
	b := bodyOf("12345", 100)
	if fault := b.Buffer(5, 10); fault != nil || !b.Whole() {
		t.Fatalf("fault %v, whole %t", fault, b.Whole())
	}
	for range 3 {
		if got, err := io.ReadAll(b.Next()); string(got) != "12345" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestWhatIsNotBuffered(t *testing.T) {
	for length, text := range map[int64]string{-1: "chunked", 11: "large bodies"} {
		b := bodyOf(text, 100)
		if fault := b.Buffer(length, 10); fault != nil || b.Whole() {
			t.Errorf("length %d: fault %v, whole %t", length, fault, b.Whole())
		}
		if got, _ := io.ReadAll(b.Next()); string(got) != text {
			t.Errorf("length %d: then %q", length, got)
		}
	}
	b := bodyOf("123", 100)
	if fault := b.Buffer(5, 10); fault != ErrBadBody || b.Whole() {
		t.Errorf("too short: fault %v, whole %t", fault, b.Whole())
	}
}

// A request without a body can be sent as often as you like.
func TestNoBody(t *testing.T) {
	var b *Body
	if !b.Whole() || b.Fault() != nil {
		t.Errorf("whole %t, fault %v", b.Whole(), b.Fault())
	}
}
