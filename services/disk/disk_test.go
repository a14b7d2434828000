package disk

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const id = 0x55505343

// world is a root directory with disks: name, identifier, numbers of partitions.
func world(t *testing.T, disks map[string]uint32, partitions map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write := func(path string, data []byte) {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, id := range disks {
		mbr := make([]byte, 512)
		binary.LittleEndian.PutUint32(mbr[440:], id)
		mbr[510], mbr[511] = 0x55, 0xaa
		write("dev/"+name, mbr)
		write("sys/block/"+name+"/size", []byte("1\n"))
	}
	for partition, number := range partitions {
		disk, _, _ := strings.Cut(partition, ":")
		write("sys/block/"+disk+"/"+strings.Replace(partition, ":", "", 1)+"/partition", []byte(number+"\n"))
	}
	return root
}

func TestFind(t *testing.T) {
	root := world(t, map[string]uint32{"mmcblk0": 7, "mmcblk1": id}, map[string]string{"mmcblk0:p1": "1", "mmcblk1:p1": "1", "mmcblk1:p4": "4"})
	d, err := Find(root, id)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(root, "dev/mmcblk1p4"); d.Partitions[4] != want || len(d.Partitions) != 2 {
		t.Errorf("got %+v, want partition 4 at %s", d, want)
	}
}

func TestFindNone(t *testing.T) {
	for name, root := range map[string]string{
		"other disk":        world(t, map[string]uint32{"vda": 7}, map[string]string{"vda:1": "1"}),
		"no partitions yet": world(t, map[string]uint32{"vda": id}, nil),
	} {
		if _, err := Find(root, id); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v, want %v", name, err, ErrNone)
		}
	}
}

func TestFindTwo(t *testing.T) {
	root := world(t, map[string]uint32{"vdb": id, "vda": id}, map[string]string{"vda:1": "1", "vdb:1": "1"})
	d, err := Find(root, id)
	if filepath.Base(d.Node) != "vda" || err == nil || !strings.Contains(err.Error(), "vdb") {
		t.Errorf("got %s, %v", d.Node, err)
	}
}

// A disk that cannot be read, or is shorter than a sector, is another's.
func TestFindShortDisk(t *testing.T) {
	root := world(t, map[string]uint32{"vda": id}, map[string]string{"vda:1": "1"})
	if err := os.WriteFile(filepath.Join(root, "dev/vda"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(root, id); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}
