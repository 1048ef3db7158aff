# hubd: `make help` says what there is.

.PHONY: help deps build deb run test delivery-test guest-test lint docs bench fuzz soak clean

help: ## what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what is missing to build, run and test
	@scripts/deps.sh build run test sync guest

build: ## release programs in .build/release
	@scripts/deps.sh build
	@scripts/build.sh

deb: ## dist/hubd_<version>_<arch>.deb
	@scripts/deps.sh build deb
	@scripts/deb.sh

run: ## replay the sample mall through the whole daemon and show what it says
	@scripts/deps.sh build run
	@scripts/run.sh

test: ## every test, the guest's too
	@scripts/deps.sh build run test sync guest
	@scripts/test.sh

delivery-test: ## the part of it between hubd and the sync service, with kill -9
	@scripts/deps.sh build run test sync
	@scripts/delivery-test.sh

guest-test: ## the part of it that needs a real Bluetooth stack, in a QEMU guest
	@scripts/guest-test.sh

lint: ## formatting, layout and manual pages
	@scripts/deps.sh lint
	@scripts/lint.sh

docs: ## reference documentation in .build/docs, dead links are errors
	@scripts/docs.sh

bench: ## figures as ratios to a yardstick in the same run
	@scripts/deps.sh build run test
	@scripts/bench.sh

fuzz: ## 60 s of every fuzz target (SECONDS=…, TARGETS="…")
	@scripts/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

soak: ## 2 × 5,000 kills, 3 × 400 power cuts, and a fleet for an hour
	@scripts/deps.sh build run test sync
	@scripts/soak.sh

clean: ## remove everything that was built
	rm -rf .build .build-* dist
