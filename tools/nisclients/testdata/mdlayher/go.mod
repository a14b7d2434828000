module mdlayher

go 1.26.0

require github.com/mdlayher/apcupsd v0.0.0-20230802135538-48f5030bcd58
