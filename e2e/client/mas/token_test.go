package mas

import (
	"regexp"
	"testing"
)

func TestToken(t *testing.T) {
	if got := Token(OAuth, "0123456789abcdefghijABCDEFGHIJ"); got != "mat_0123456789abcdefghijABCDEFGHIJ_0pmO7B" {
		t.Error(got)
	}
	if got := checksum("syt_YWxpY2U_abcdefghijABCDEFGHIJ", true); got != "1Ygu31" {
		t.Error(got)
	}
	for kind, shape := range map[Kind]string{
		OAuth:    `^mat_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}$`,
		Compat:   `^mct_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}$`,
		Imported: `^syt_YWxpY2U_[A-Za-z]{20}_[0-9A-Za-z]{6}$`,
	} {
		if got := newToken(kind, "alice"); !regexp.MustCompile(shape).MatchString(got) {
			t.Errorf("%s is not like %s", got, shape)
		}
	}
}
