package config

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxErrors bounds what one file can be told to be wrong with.
const maxErrors = 20

// Error is one thing that is wrong, and where. Its text never holds a password.
type Error struct {
	File         string
	Line, Column int // from 1; columns count characters
	Text         string
}

func (e Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text) }

// Errors is everything that is wrong with a file, in its order, at most 20 things.
type Errors []Error

// Error has one line for each thing.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// report collects what is wrong with one document.
type report struct {
	file  string
	data  []byte
	found []finding
}

type finding struct {
	offset int // in bytes
	text   string
}

func (r *report) addf(offset int, format string, args ...any) {
	r.found = append(r.found, finding{offset, fmt.Sprintf(format, args...)})
}

// err returns Errors, or nil where nothing is wrong.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	r.found = slices.Compact(r.found) // a table's header and each of its keys may be wrong with the same
	var list Errors
	for _, f := range r.found[:min(len(r.found), maxErrors)] {
		line, column := position(r.data, f.offset)
		list = append(list, Error{File: r.file, Line: line, Column: column, Text: f.text})
	}
	return list
}

func position(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
