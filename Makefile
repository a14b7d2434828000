# upscard: `make run` boots the card in QEMU with a simulated UPS, `make test` checks everything, `make image` makes what goes on an SD card.
#
#   make run [DEVICE=FILE ...] [CONFIG=upscard.toml] [SPEED=60] [RESCUE=1]
#   make run MACHINE=raspi3b [RESCUE=1]
#   make image [RELEASE=1]
#   make bench [ARGS='-time 5s -rounds 5 -only PATTERN' | ARGS='[-hold] -write docs/bench.md']
#
# A release takes no `upscard.` words from the kernel's command line; it is what is published. Without RELEASE=1 it is a build for development,
# which is what `make run` and most tests boot. The two differ in init alone, and lie side by side.

OUT    := images/out
HOST   := aarch64-linux-gnu
LIBUSB := $(CURDIR)/$(OUT)/libusb-arm64
export PATH := $(PATH):/usr/local/go/bin
export GOFLAGS += -buildvcs=false

flavour := $(if $(filter-out 0,$(RELEASE)),-release)

# What programs are made of: Go, and what Go embeds.
source = $(shell find $(1) \( -name '*.go' ! -name '*_test.go' -o -name '*.toml' -o -path '*/files/*' \) -type f) go.mod go.sum
# The date of what goes into the root file system, which is the earliest time its clock can show.
DATE    = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct -- cmd services initramfs go.mod 2>/dev/null))

.PHONY: run test build image bench setup-run setup-test clean
.DELETE_ON_ERROR:

ifeq ($(MACHINE),raspi3b)
run: build $(OUT)/bin/raspi3b
	@exec $(OUT)/bin/raspi3b -append '$(APPEND)$(if $(RESCUE), upscard.rescue)'
else
run: build
	@# make keeps only the last of several DEVICE=; its own command line has all.
	@devices=$$(tr '\0' '\n' </proc/$$PPID/cmdline | sed -n 's/^DEVICE=//p'); \
	exec $(OUT)/bin/run -image $(OUT)/upscard-rpi$(flavour).img -devices "$${devices:-$$DEVICE}" -config "$$CONFIG" -speed "$${SPEED:-1}" -append "$$APPEND" $(if $(RESCUE),-rescue)
endif

test: setup-test $(OUT)/bin/run $(OUT)/bin/virtups $(OUT)/upscard-rpi.img.zst $(OUT)/upscard-rpi-release.img
	@exec tools/test.sh

build: $(OUT)/upscard-rpi$(flavour).img $(OUT)/bin/run $(OUT)/bin/virtups

image: $(OUT)/upscard-rpi$(flavour).img.zst

# Our servers beside others that do the same, all of this machine's architecture.
compared = upsd nisd mdnsd tlsshim
bench: setup-test $(OUT)/bin/bench $(addprefix $(OUT)/bin/,$(compared))
	@$(OUT)/bin/bench $(ARGS)

clean:
	rm -rf $(OUT)

# Only what must come before the first compilation; both are quick when nothing is missing.
setup-run setup-test: setup-%:
	@tools/setup.sh $*

$(LIBUSB)/lib/libusb-1.0.a: tools/libusb/build.sh | setup-run
	@tools/libusb/build.sh $(HOST) $(LIBUSB)
	@touch $@

$(OUT)/arm64/usbhid-ups: $(LIBUSB)/lib/libusb-1.0.a $(call source,cmd/usbhid-ups services)
	@echo "building usbhid-ups (arm64, static, with libusb)" >&2
	@CGO_ENABLED=1 GOOS=linux GOARCH=arm64 CC=$(HOST)-gcc PKG_CONFIG_LIBDIR=$(LIBUSB)/lib/pkgconfig \
		go build -trimpath -tags netgo,osusergo \
		-ldflags "-s -w -buildid= -linkmode external -extldflags '-static -Wl,--gc-sections,--build-id=none'" -o $@ ./cmd/usbhid-ups

$(OUT)/arm64/init $(OUT)/arm64/init-release: $(call source,cmd/init services)
	@echo "building $(@F) (arm64)" >&2
	@CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -ldflags "-s -w -buildid= $(if $(findstring release,$(@F)),-X main.release=yes)" -o $@ ./cmd/init

$(OUT)/state.ext4.gz: $(call source,services/layout tools/image tools/mkimage) | setup-run
	@mkdir -p $(OUT) && CGO_ENABLED=0 go run ./tools/mkimage -o $@ -state

$(OUT)/initramfs.cpio.zst: $(OUT)/arm64/init $(OUT)/arm64/usbhid-ups $(OUT)/state.ext4.gz $(call source,cmd services initramfs tools/mkinitramfs)
	@echo "building the root file system: busybox of upscard's programs and u-root's tools (15 s or more)" >&2
	@go run ./tools/mkinitramfs -o $@ -date '$(DATE)' $(OUT)/arm64/init:init $(OUT)/arm64/usbhid-ups:bbin/usbhid-ups \
		$(OUT)/state.ext4.gz:etc/state.ext4.gz
	@echo '$(DATE)' >$(OUT)/initramfs.date

# All programs but init are the same ones.
$(OUT)/release/initramfs.cpio.zst: $(OUT)/initramfs.cpio.zst $(OUT)/arm64/init-release
	@mkdir -p $(@D) && go run ./tools/mkinitramfs -o $@ -base $< $(OUT)/arm64/init-release:init

$(OUT)/bin/%: $(call source,tools board services) | setup-run
	@CGO_ENABLED=0 go build -trimpath -o $@ ./tools/$*

$(addprefix $(OUT)/bin/,$(compared)): $(OUT)/bin/%: $(call source,cmd services) | setup-run
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o $@ ./cmd/$*

# The image for Raspberry Pis, which the tests and `make run` boot too.
image_source = $(shell find board/rpi/files -type f) $(call source,board services/layout tools/image tools/mkimage)
$(OUT)/upscard-rpi.img: $(OUT)/initramfs.cpio.zst $(image_source)
$(OUT)/upscard-rpi-release.img: $(OUT)/release/initramfs.cpio.zst $(image_source)
$(OUT)/upscard-rpi.img $(OUT)/upscard-rpi-release.img:
	@echo "building the image for Raspberry Pis: $(@F)" >&2
	@CGO_ENABLED=0 go run ./tools/mkimage -o $@ -built $(<D) -cache $(OUT)/cache

# What is handed on: its compressed form, and the SHA-256 sums of both.
$(OUT)/%.img.zst: $(OUT)/%.img
	@CGO_ENABLED=0 go run ./tools/mkimage -o $< -pack
