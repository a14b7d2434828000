package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

func formatGroups(s *Spec) (words []string) {
	for _, g := range s.Groups {
		words = append(words, number(g))
	}
	return words
}

func parseGroups(s *Spec, value string) error {
	for word := range strings.SplitSeq(value, ",") {
		g, err := parseID(word)
		if err != nil {
			return err
		}
		s.Groups = append(s.Groups, g)
	}
	return nil
}

func formatCapabilities(s *Spec) []string { return s.Capabilities }

func parseCapabilities(s *Spec, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if _, err := capability(name); err != nil {
			return err
		}
		s.Capabilities = append(s.Capabilities, name)
	}
	return nil
}

func formatLimits(s *Spec) (words []string) {
	for _, l := range s.Limits {
		words = append(words, l.Resource+":"+strconv.FormatUint(l.Value, 10))
	}
	return words
}

func parseLimits(s *Spec, value string) error {
	for word := range strings.SplitSeq(value, ",") {
		name, text, _ := strings.Cut(word, ":")
		if _, err := resource(name); err != nil {
			return err
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is no number", name, text)
		}
		s.Limits = append(s.Limits, Limit{Resource: name, Value: n})
	}
	return nil
}

func formatFiles(s *Spec) (words []string) {
	for _, f := range s.Files {
		words = append(words, f.Access+":"+f.Path)
	}
	return words
}

func parseFiles(s *Spec, value string) error {
	for word := range strings.SplitSeq(value, ",") {
		access, path, _ := strings.Cut(word, ":")
		if _, err := rights(access); err != nil {
			return err
		}
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("%q is no absolute path", path)
		}
		s.Files = append(s.Files, File{access, path})
	}
	return nil
}

func parseSockets(s *Spec, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if _, err := findSocket(name); err != nil {
			return err
		}
		s.Sockets = append(s.Sockets, name)
	}
	return nil
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// parseID refuses 4294967295, which setresuid(2) takes for "leave as it is".
func parseID(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%q is no user or group number", text)
	}
	return uint32(n), nil
}
