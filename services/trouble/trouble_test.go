package trouble

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		noTime := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		x := Trouble{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: noTime})), What: "crowd"}
		x.Well()
		for range 1000 {
			x.Again("limit", 5)
			x.Well()
			time.Sleep(calm - 1)
			x.Well()
		}
		time.Sleep(time.Nanosecond)
		x.Well()
		x.Well()
		x.Again("limit", 6)
		const want = "level=WARN msg=crowd limit=5\nlevel=INFO msg=\"over: crowd\" times=1000\nlevel=WARN msg=crowd limit=6\n"
		if log.String() != want {
			t.Errorf("got\n%s", &log)
		}
	})
}
