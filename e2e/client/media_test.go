package client

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

const mebibyte = 1 << 20

// media: up and down, small and large, by the authenticated endpoints and by the old ones.
func (w *world) media(t *testing.T) {
	ctx := t.Context()
	okay(t)(w.phone.GetMediaConfig(ctx))
	w.phone.request(t, http.MethodGet, nil, nil, "_matrix", "media", "v3", "config")

	small := w.upload(t, randomBytes(1000))
	w.upload(t, randomBytes(20*mebibyte))
	w.legacyDownload(t, small)

	reserved := must(w.phone.CreateMXC(ctx))(t).ContentURI
	okay(t)(w.phone.UploadMedia(ctx, mautrix.ReqUploadMedia{
		MXC: reserved, ContentBytes: picture(), ContentType: "image/png", FileName: "picture.png",
	}))
	thumbnail := must(w.bob.DownloadThumbnail(ctx, reserved, 32, 32))(t)
	check(t, thumbnail.Body.Close())
}

// upload puts a file up from alice's phone, and lets bob read it back.
func (w *world) upload(t *testing.T, content []byte) id.ContentURI {
	t.Helper()
	uploaded := must(w.phone.UploadBytes(t.Context(), content, "application/octet-stream"))(t).ContentURI
	downloaded := must(w.bob.DownloadBytes(t.Context(), uploaded))(t)
	if !bytes.Equal(content, downloaded) {
		t.Errorf("uploaded %d bytes, downloaded %d others", len(content), len(downloaded))
	}
	return uploaded
}

// legacyDownload: Synapse does not give out new media without a token, so it answers this with a 404 of its own. What
// matters is that the media worker says so: on another process the answer would be M_UNRECOGNIZED.
func (w *world) legacyDownload(t *testing.T, file id.ContentURI) {
	t.Helper()
	url := w.phone.BuildURL(mautrix.MediaURLPath{"v3", "download", file.Homeserver, file.FileID})
	response := must(w.trace.client("nobody").Get(url))(t)
	defer response.Body.Close()
	if errcode := peekErrcode(response); response.StatusCode != http.StatusNotFound || errcode != "M_NOT_FOUND" {
		t.Errorf("legacy download answered %d %s, not 404 M_NOT_FOUND", response.StatusCode, errcode)
	}
}

func randomBytes(size int) []byte {
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

func picture() []byte {
	var buffer bytes.Buffer
	_ = png.Encode(&buffer, image.NewRGBA(image.Rect(0, 0, 64, 64)))
	return buffer.Bytes()
}
