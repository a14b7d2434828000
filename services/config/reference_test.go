package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference into docs/configuration.md")

const (
	docs  = "../../docs/configuration.md"
	begin = "<!-- keys: go test ./services/config -update -->\n"
	end   = "<!-- end of keys -->\n"
)

// The page for owners tells what Parse does.
func TestReference(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: the marks around the keys are gone", docs)
	}
	want := before + begin + "\n" + keyTables() + end + after
	if *update {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("%s does not tell all keys as they are: go test ./services/config -update", docs)
	}
}

// What is shown as an example must be good.
func TestExamplesInTheDocs(t *testing.T) {
	for _, path := range []string{docs, "../../docs/tls.md", "../../README.md"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(data), "```toml\n")[1:]
		if len(blocks) == 0 {
			t.Errorf("%s shows no example", path)
		}
		for _, block := range blocks {
			text, _, _ := strings.Cut(block, "```")
			if _, err := Parse(path, []byte(text)); err != nil {
				t.Errorf("%v in\n%s", err, text)
			}
		}
	}
}

// keyTables describes every key of the file as Markdown tables, made of the rules by which Parse reads it.
func keyTables() string {
	var b strings.Builder
	reference(&b, "At the top of the file", topKeys)
	reference(&b, "`["+tableNetwork+"]`", networkKeys)
	reference(&b, "`["+tableInterfaces+".NAME]`", interfaceKeys)
	reference(&b, "`["+tableMDNS+"]`", mdnsKeys)
	reference(&b, "`["+tableTLS+"]`", tlsKeys)
	reference(&b, "`["+tableTLSShim+"]`", tlsShimKeys)
	reference(&b, "`["+tableNIS+"]`", nisKeys)
	reference(&b, "`["+tableMonitor+"]`", monitorKeys)
	reference(&b, "`["+tableNotify+".NAME]`", notifyKeys)
	reference(&b, "`["+tableUPS+".NAME]`", upsKeys)
	variables(&b, upsTables)
	reference(&b, "`["+tableUsers+".NAME]`", userKeys)
	b.WriteString("### Profiles\n\n| profile | what the client takes for granted |\n|---|---|\n")
	for _, p := range profiles {
		fmt.Fprintf(&b, "| `%s` | %s. |\n", p.Name, p.description)
	}
	b.WriteString("\n")
	return b.String()
}

// variables appends rows to the table that was written last.
func variables[T any](b *strings.Builder, tables []subtable[T]) {
	table := strings.TrimSuffix(b.String(), "\n")
	b.Reset()
	b.WriteString(table)
	for _, t := range tables {
		fmt.Fprintf(b, "| `%s.\"VARIABLE\"` | %s | %s | %s |\n", t.key, t.values, t.standard, t.meaning)
	}
	b.WriteString("\n")
}

func reference[T any](b *strings.Builder, title string, rules []rule[T]) {
	fmt.Fprintf(b, "### %s\n\n| key | value | without it | meaning |\n|---|---|---|---|\n", title)
	for _, r := range rules {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", r.key, r.values, r.standard, r.meaning)
	}
	b.WriteString("\n")
}
