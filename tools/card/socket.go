package card

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
)

// powerButton presses it through QEMU's monitor (QMP, QEMU's docs/interop/qmp-spec).
func powerButton(ctx context.Context, socket string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	in := bufio.NewScanner(conn)
	for _, command := range []string{"qmp_capabilities", "system_powerdown"} {
		if err := json.NewEncoder(conn).Encode(map[string]string{"execute": command}); err != nil {
			return err
		}
		if err := awaitReturn(in, command); err != nil {
			return err
		}
	}
	return nil
}

// awaitReturn skips the greeting and events up to the answer to a command.
func awaitReturn(in *bufio.Scanner, command string) error {
	for in.Scan() {
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(in.Bytes(), &answer); err != nil {
			return fmt.Errorf("QEMU's monitor: %w", err)
		}
		if text, failed := answer["error"]; failed {
			return fmt.Errorf("QEMU's monitor: %s: %s", command, text)
		}
		if _, done := answer["return"]; done {
			return nil
		}
	}
	return fmt.Errorf("QEMU's monitor closed before it answered %s", command)
}
