package disk

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

func packed(t *testing.T, data []byte) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func partition(t *testing.T, data []byte) string {
	t.Helper()
	node := filepath.Join(t.TempDir(), "partition")
	if err := os.WriteFile(node, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return node
}

func TestFormat(t *testing.T) {
	image := bytes.Repeat([]byte("file system "), 1<<18)
	node := partition(t, make([]byte, len(image)))
	if blank, err := Blank(node); err != nil || !blank {
		t.Fatalf("a new partition: blank %t, %v", blank, err)
	}
	if err := Format(node, packed(t, image)); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(node); !bytes.Equal(got, image) {
		t.Error("the partition holds something else than was written")
	}
	if blank, err := Blank(node); err != nil || blank {
		t.Errorf("after formatting: blank %t, %v", blank, err)
	}
}

// What breaks off leaves a partition that still is blank, so that the next start does it again.
func TestFormatBreaksOff(t *testing.T) {
	image := bytes.Repeat([]byte("file system "), 1<<18)
	short := packed(t, image)
	short.Truncate(short.Len() - 100)
	node := partition(t, make([]byte, len(image)))
	if err := Format(node, short); err == nil {
		t.Fatal("a file system that breaks off was written without an error")
	}
	if blank, err := Blank(node); err != nil || !blank {
		t.Errorf("blank %t, %v", blank, err)
	}
}

func TestBlankHoldsData(t *testing.T) {
	data := make([]byte, 2<<20)
	data[blankBytes-1] = 1
	if blank, err := Blank(partition(t, data)); err != nil || blank {
		t.Errorf("a partition with data: blank %t, %v", blank, err)
	}
}
