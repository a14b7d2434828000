package usbhid

import "github.com/upscard/upscard/services/hid"

// feed is a field by which a report tells a point.
type feed struct {
	*point
	field *hid.Field
	whole *hid.Field // with the range of its bits, where all of them set mean nothing; else nil
}

// claim is what a point says of the state. Claims of one collection have the same number.
type claim struct {
	*point
	flag       flag
	sense      sense
	collection int
}

// index is what readings are looked up by, so that reading a report searches and allocates nothing. It is built with the first report.
type index struct {
	feeds  map[key][]feed
	claims []claim
	states map[key]bool // reports that tell the status
	told   []flag       // what is on, by collection: room for absurd
}

// tells reports whether readings say anything of the state.
func (m *model) tells(with readings) bool {
	for _, c := range m.indexed().claims {
		if _, ok := with[c.point]; ok {
			return true
		}
	}
	return false
}

func (m *model) indexed() *index {
	if m.index != nil {
		return m.index
	}
	x := &index{feeds: make(map[key][]feed), states: make(map[key]bool)}
	for _, p := range m.points {
		for _, f := range [...]*hid.Field{p.feature, p.input} {
			if f != nil {
				k := key{f.Kind, f.ReportID}
				x.feeds[k] = append(x.feeds[k], feed{p, f, unclamped(f)})
			}
		}
	}
	collections := make(map[string]int)
	for _, s := range m.slots {
		for _, src := range s.sources {
			if s.flag == 0 {
				continue
			}
			path := src.field().Path
			name := path[:len(path)-1].String()
			if _, known := collections[name]; !known {
				collections[name] = len(collections)
			}
			if s.flag.class() == status {
				x.states[src.key()] = true
			}
			x.claims = append(x.claims, claim{src.point, s.flag, src.sense, collections[name]})
		}
	}
	x.told = make([]flag, len(collections))
	m.index = x
	return x
}
