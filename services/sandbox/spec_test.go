package sandbox

import (
	"reflect"
	"strings"
	"testing"
)

var netd = Spec{UID: 100, GID: 100, Groups: []uint32{150, 151}, Capabilities: []string{"net_admin", "net_raw"},
	Limits: []Limit{{"core", 0}, {"nofile", 64}}, Files: []File{{"own", "/tmp"}, {"ro", "/sys"}},
	Bind: Ports{List: []uint16{80, 3493}}, Connect: Ports{Any: true}, Sockets: []string{"inet", "netlink.route"}}

func TestSpecText(t *testing.T) {
	tests := []struct {
		spec Spec
		text string
	}{
		{Spec{}, "uid=0 gid=0"},
		{Spec{UID: 1, GID: 2}, "uid=1 gid=2"},
		{netd, "uid=100 gid=100 groups=150,151 caps=net_admin,net_raw limits=core:0,nofile:64 " +
			"files=own:/tmp,ro:/sys bind=80,3493 connect=any sockets=inet,netlink.route"},
	}
	for _, test := range tests {
		if got := test.spec.String(); got != test.text {
			t.Errorf("String: got %q, want %q", got, test.text)
		}
		got, err := Parse(test.text)
		if err != nil || !reflect.DeepEqual(got, test.spec) {
			t.Errorf("Parse(%q): got %+v, %v, want %+v", test.text, got, err, test.spec)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "uid: missing"},
		{"uid=1", "gid: missing"},
		{"uid=1 gid=1 guid=1", `"guid": no such key`},
		{"uid=1 uid=0 gid=1", "uid: given twice"},
		{"uid=-1 gid=1", `uid: "-1" is no user`},
		{"uid=1 gid=4294967295", `gid: "4294967295" is no user`},
		{"uid=1 gid=1 groups=", `groups: "" is no user`},
		{"uid=1 gid=1 caps=net_raw,root", `caps: "root": no such capability`},
		{"uid=1 gid=1 limits=cpu:1", `limits: "cpu": no such limit`},
		{"uid=1 gid=1 limits=nofile", `limits: nofile: "" is no number`},
		{"uid=1 gid=1 files=/proc", `files: "/proc": no such access`},
		{"uid=1 gid=1 files=ro:proc", `files: "proc" is no absolute path`},
		{"uid=1 gid=1 bind=80,any", `bind: "any" is no port`},
		{"uid=1 gid=1 connect=0", `connect: "0" is no port`},
		{"uid=1 gid=1 sockets=netlink", `sockets: "netlink": no such kind`},
	}
	for _, test := range tests {
		if _, err := Parse(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Parse(%q): got %v, want %q in it", test.text, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(netd.String())
	f.Add("uid=0 gid=0 limits=core:0 caps=bpf")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(spec.String())
		if err != nil || !reflect.DeepEqual(again, spec) {
			t.Errorf("%q became %q, which is %+v, %v", text, spec.String(), again, err)
		}
	})
}
