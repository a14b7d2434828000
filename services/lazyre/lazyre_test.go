package lazyre

import "testing"

func TestLazy(t *testing.T) {
	wrong := New("(") // says nothing yet
	if re := New("^a+$"); !re.MatchString("aa") || re.MatchString("ab") || re.MatchString("") {
		t.Error("a wrong match")
	}
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression was taken")
		}
	}()
	wrong.MatchString("")
}
