package nut

import "strings"

const noDescription = "Description unavailable"

// DescribeVar returns what a variable means (NUT's docs/nut-names.txt gives the names).
func DescribeVar(name string) string {
	return noDescription
}

// DescribeCommand returns what an instant command does.
func DescribeCommand(name string) string {
	name = strings.TrimPrefix(name, "upstream.")
	return noDescription
}
