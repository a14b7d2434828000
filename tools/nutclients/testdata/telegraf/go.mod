module telegraf

go 1.25.5

require github.com/influxdata/telegraf v1.37.2

require (
	github.com/gobwas/glob v0.2.3 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.0 // indirect
	github.com/klauspost/compress v1.18.3 // indirect
	github.com/klauspost/pgzip v1.2.6 // indirect
	github.com/robbiet480/go.nut v0.0.0-20220219091450-bd8f121e1fa1 // indirect
)
