// Package near finds the word that somebody most likely meant.
package near

import "strings"

// Word returns the candidate that is fewest changes away from word, whatever the case, or "" where even that one is no likely slip.
func Word(word string, candidates []string) string {
	best, least := "", len(word)/2+2
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if strings.HasPrefix(strings.ToLower(c), strings.ToLower(word)) && word != "" {
			d = 1
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
