// Package password hashes passwords, slowly enough to make guessing dear and fast enough for the smallest board.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of argon2id: 3 to 5 ms and 4 MiB on a PC without vector instructions, which is 40 to 60 ms on a Cortex-A53 at 1 GHz by the two
// machines' speed at such code. Twice the memory would not stay under 100 ms.
const (
	memory  = 4 << 10 // KiB
	passes  = 1
	threads = 1
)

const (
	saltSize = 16
	sumSize  = 32
)

// Prefix begins every hash, and no password should.
const Prefix = "$argon2id$"

// header is what stands before salt and sum in the usual text form (PHC string format).
var header = fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$", Prefix, argon2.Version, memory, passes, threads)

var encoding = base64.RawStdEncoding.Strict()

// Hash returns a password's hash with a fresh salt, as text.
func Hash(password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return header + encoding.EncodeToString(salt) + "$" + encoding.EncodeToString(sum(password, salt))
}

// Hashed is what is left of a password.
type Hashed struct{ salt, sum []byte }

// Parse reads what Hash returns. Other costs are refused: who writes the configuration must not be able to stop a server with a password.
func Parse(text string) (Hashed, error) {
	rest, ok := strings.CutPrefix(text, header)
	saltText, sumText, ok2 := strings.Cut(rest, "$")
	salt, err := encoding.DecodeString(saltText)
	sum, err2 := encoding.DecodeString(sumText)
	if !ok || !ok2 || err != nil || err2 != nil || len(salt) != saltSize || len(sum) != sumSize || strings.ContainsAny(rest, "\r\n") {
		return Hashed{}, fmt.Errorf("no hash of the form %sSALT$SUM", header)
	}
	return Hashed{salt, sum}, nil
}

// Matches reports whether it is that password. It takes as long as it takes, right or wrong.
func (h Hashed) Matches(password string) bool {
	return subtle.ConstantTimeCompare(sum(password, h.salt), h.sum) == 1
}

func sum(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, passes, memory, threads, sumSize)
}
