# The front door: every target calls CMake or a script that can be called without it.
BUILD  ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CMAKE_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test bench install fuzz sanitize format clean

help: ## this list
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST) | expand -t 14
	@echo "Variables: BUILD=$(BUILD) PREFIX=$(PREFIX) DESTDIR= CMAKE_FLAGS="

$(BUILD)/build.ninja:
	scripts/install-deps build test
	cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)

build: $(BUILD)/build.ninja ## build/weightlaw and libweightlaw
	cmake --build $(BUILD)

demo: ## train 100 networks, find the law of their weights at every epoch, write build/demo/report.html
	scripts/install-deps build test demo
	$(MAKE) build
	scripts/demo $(BUILD)

test: build ## all tests
	ctest --test-dir $(BUILD) --output-on-failure -j 2

bench: ## measure beside the peers; prints name, ours, peer, ratio
	scripts/install-deps build test bench
	$(MAKE) build
	bench/run $(BUILD)

install: build ## to $(DESTDIR)$(PREFIX)
	cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) > /dev/null
	DESTDIR=$(DESTDIR) cmake --install $(BUILD)

fuzz: ## short runs of every fuzz target (needs clang)
	scripts/fuzz $(BUILD)-fuzz

sanitize: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/install-deps build test
	cmake -S . -B $(BUILD)-sanitize -G Ninja -DWEIGHTLAW_SANITIZE=address,undefined
	cmake --build $(BUILD)-sanitize
	ctest --test-dir $(BUILD)-sanitize --output-on-failure -j 2

format: ## clang-format on every source file
	scripts/format

clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-fuzz $(BUILD)-gcc $(BUILD)-clang
