//go:build race

package shim

func init() { raced = true }
