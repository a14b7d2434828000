package config

import (
	"bytes"
	"fmt"
	"strconv"
)

// Encode writes a Config, which Parse must have made or could have, as the file that Parse reads it from.
func Encode(c *Config) []byte {
	var b bytes.Buffer
	encodeKeys(&b, topKeys, *c)
	encodeTable(&b, tableNetwork, networkKeys, c.Network)
	encodeTable(&b, tableMDNS, mdnsKeys, c.MDNS)
	encodeTable(&b, tableNIS, nisKeys, c.NIS)
	encodeTable(&b, tableMonitor, monitorKeys, c.Monitor)
	encodeTable(&b, tableTLS, tlsKeys, c.TLS)
	encodeTable(&b, tableTLSShim, tlsShimKeys, c.TLSShim)
	for _, i := range c.Network.Interfaces {
		encodeEntry(&b, tableInterfaces, i.Name, interfaceKeys, i)
	}
	for _, u := range c.UPS {
		encodeEntry(&b, tableUPS, u.Name, upsKeys, u)
		for _, t := range upsTables {
			for _, s := range t.list(u) {
				fmt.Fprintf(&b, "%s.%s = %s\n", t.key, strconv.Quote(s.Name), strconv.Quote(s.Value))
			}
		}
	}
	for _, u := range c.Users {
		encodeEntry(&b, tableUsers, u.Name, userKeys, u)
	}
	for _, n := range c.Notify {
		encodeEntry(&b, tableNotify, n.Name, notifyKeys, n)
	}
	return b.Bytes()
}

// encodeTable leaves out a table without keys.
func encodeTable[T any](b *bytes.Buffer, table string, rules []rule[T], item T) {
	var keys bytes.Buffer
	encodeKeys(&keys, rules, item)
	if keys.Len() > 0 {
		fmt.Fprintf(b, "[%s]\n%s", table, keys.Bytes())
	}
}

func encodeEntry[T any](b *bytes.Buffer, table, name string, rules []rule[T], item T) {
	fmt.Fprintf(b, "[%s.%s]\n", table, strconv.Quote(name))
	encodeKeys(b, rules, item)
}

func encodeKeys[T any](b *bytes.Buffer, rules []rule[T], item T) {
	for _, r := range rules {
		if text := r.show(item); text != "" {
			fmt.Fprintf(b, "%s = %s\n", r.key, text)
		}
	}
}
