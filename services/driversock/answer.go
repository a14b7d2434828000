package driversock

import (
	"context"
	"os"
	"strconv"
	"strings"
)

// answer carries out a verb, in upper case, and reports whether the connection goes on. A verb that it does not know is
// void.
func (p *peer) answer(ctx context.Context, verb string, args []string) bool {
	switch verb {
	case "PING":
		return p.reply("PONG\n")
	case "GETPID":
		return p.reply("PID " + strconv.Itoa(os.Getpid()) + "\n")
	case "LOGOUT":
		p.reply("OK Goodbye\n")
		return false
	case "DUMPALL":
		return p.dump()
	case "DUMPSTATUS":
		return p.reply(string(appendValue(nil, p.store.Get(), "ups.status")))
	case "DUMPVALUE":
		return len(args) == 0 || p.reply(string(appendValue(nil, p.store.Get(), args[0])))
	case "NOBROADCAST":
		return p.broadcast(false)
	case "BROADCAST":
		on := true
		if len(args) > 0 {
			n, err := strconv.Atoi(args[0])
			on = err != nil || n > 0
		}
		return p.broadcast(on)
	case "INSTCMD", "SET":
		return p.order(ctx, verb, args)
	}
	return true
}

// order carries out INSTCMD <name> [<param>] or SET <name> <value>, each with TRACKING <id> or without.
func (p *peer) order(ctx context.Context, verb string, args []string) bool {
	id := ""
	if n := len(args); n >= 3 && strings.EqualFold(args[n-2], "TRACKING") {
		id, args = args[n-1], args[:n-2]
	}
	var result Result
	switch {
	case verb == "SET" && len(args) == 2:
		result = p.handler.SetVar(ctx, args[0], args[1])
	case verb == "INSTCMD" && len(args) == 1:
		result = p.handler.InstCmd(ctx, args[0], "")
	case verb == "INSTCMD" && len(args) == 2:
		result = p.handler.InstCmd(ctx, args[0], args[1])
	default:
		p.log.Warn("malformed order", "verb", verb, "args", len(args))
		return true
	}
	if id == "" {
		return true
	}
	return p.reply(string(appendLine(nil, "TRACKING", id, strconv.Itoa(int(result)))))
}
