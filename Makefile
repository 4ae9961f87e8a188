# ascend.fleet: two commands do everything. `make demo` runs the main job on a simulated fleet, `make test` the checks.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What stays on the control node: formatted, typed.
CONTROL_NODE := $(addprefix plugins/,plugin_utils action callback filter lookup)
PLUGINS := ansible_collections.ascend.fleet.plugins
COLLECTION := .cache/collections/ansible_collections/ascend/fleet
# The collection, importable as ansible_collections.ascend.fleet for programs that ansible does not start.
WITH_COLLECTION := PYTHONPATH=.cache/collections
PYTEST := $(BIN)/pytest -q -p no:cacheprovider
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

.PHONY: help venv simulator demo test lint unit sanity publish molecule molecule-all aarch64 faults-quick faults rollout rollout-quick \
        handover matrix bench bench-pure matrix-proof exports stacks pictures currency report docs clean

help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

venv: $(VENV)/.done ## Make .venv with every tool; .venv/bin/ansible* then resolve ascend.fleet.*

$(VENV)/.done: requirements-dev.txt constraints-dev.txt
	@echo "==> Python tools into $(VENV) (about two minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements-dev.txt -c constraints-dev.txt
	@mkdir -p $(dir $(COLLECTION)) && ln -sfn ../../../.. $(COLLECTION)
	@touch $@

simulator: venv ## Prepare podman, the hosts' image and the simulated vendor packages
	@$(BIN)/python -m tests.simulator.fleet prepare
	@$(BIN)/python -m tests.simulator.fleet image
	@$(BIN)/python -m tests.simulator.fleet packages
	@$(BIN)/python -m tests.support.artifacts

demo: simulator ## The main job on a simulated fleet, twice: from bare hosts to text, then nothing to do
	@$(WITH_COLLECTION) $(BIN)/python -m tests.demo.demo

# On the hosts that `make demo` leaves.
handover: simulator ## On the demo's hosts: a small model trained, exported, converted for the inference card and proven on it
	@$(WITH_COLLECTION) $(BIN)/python -m tests.demo.handover

# Not in it, because they take long or another Python: `molecule-all`, `faults` (all of them), `rollout` (all of them), `matrix` (the
# other ansible-cores, sanity under the oldest and the newest), `report` (a browser), `bench` and `bench-pure`, `docs`.
test: venv ## The checks of every change, about 45 minutes on two cores; the long ones apart (see above it)
	@echo "==> lint, unit, sanity, publish, molecule, rollout-quick, faults-quick: two at a time, each printed when it has ended"
	@echo "    (unit the first quarter of an hour, molecule half an hour: its logs are in build/molecule)"
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint unit sanity publish molecule rollout-quick faults-quick

lint: venv ## ruff, mypy, yamllint, ansible-lint, documentation markup, Python 3.6 syntax of what runs on hosts
	@echo "==> ruff";         $(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@echo "==> mypy";         $(BIN)/mypy --no-error-summary $(foreach room,$(notdir $(CONTROL_NODE)),-p $(PLUGINS).$(room))
	@echo "==> yamllint";     $(BIN)/yamllint --strict .
	@echo "==> ansible-lint"; $(BIN)/ansible-lint --offline -q
	@echo "==> vermin";       $(BIN)/vermin --quiet --no-tips -t=3.6- --violations plugins/modules plugins/module_utils
	@echo "==> changelog";    $(BIN)/antsibull-changelog lint
	@echo "==> documentation markup"; $(BIN)/python -m tests.checks.docs --lint

unit: venv ## Unit tests, no host needed
	@echo "==> unit tests"
	@$(PYTEST) tests/unit

sanity: venv ## ansible-test sanity on the collection as it ships
	@echo "==> ansible-test sanity (about two minutes)"
	@$(BIN)/python -m tests.checks.sanity

publish: venv ## Would Galaxy take it, and does the built tarball work where nothing else is
	@echo "==> the tarball: importer, installation, playbooks by name, execution environment"
	@$(BIN)/python -m tests.checks.publish

# ASCEND_SKIP_AARCH64=1 leaves out the emulated arm64 host, which takes qemu and binfmt_misc.
molecule: simulator ## The scenarios of every change on simulated hosts, with testinfra
	@$(BIN)/python -m tests.checks.molecule

molecule-all: simulator ## Every scenario: PyTorch beside MindSpore and on emulated arm64, TensorFlow, relays, eight hosts and their network
	@$(BIN)/python -m tests.checks.molecule --all

aarch64: simulator ## The scenario on an emulated arm64 host alone
	@$(BIN)/python -m tests.checks.molecule aarch64

faults-quick: simulator ## A dozen faults, each followed by a plain rerun
	@echo "==> faults: a dozen, each followed by a plain rerun"
	@$(BIN)/python -m tests.faults.run --quick

# FRESH=1 starts anew where there are results of the same code.
faults: simulator ## All faults, about an hour; can be cut short and goes on; leaves build/faults.json
	@$(BIN)/python -m tests.faults.run $(if $(FRESH),--fresh)

rollout: simulator ## Canary, rollback, uninstall, resumed rollouts, slices, on eight simulated hosts
	@$(PYTEST) -v tests/rollout

rollout-quick: simulator ## A rollout that stops at its canary, rollback and uninstall, on three simulated hosts
	@echo "==> rollout: canary, rollback, uninstall (about four minutes)"
	@$(PYTEST) -v tests/rollout -m quick --hosts-count 3

matrix: simulator ## Unit tests and playbooks on every supported ansible-core; sanity and a no-op on the oldest and the newest
	@$(BIN)/python -m tests.checks.matrix
	@$(BIN)/python -m tests.checks.matrix sanity
	@$(BIN)/python -m tests.checks.matrix fleet

# PAIRS="2.7.1 2.9.0" tries these MindSpore releases only; without, about 3.4 GB to fetch and install for each of ten pairs.
matrix-proof: venv ## Every pair that PyPI can install proves itself on the CPU; the table goes into docs/proofs.md
	@$(WITH_COLLECTION) $(BIN)/python -m tests.checks.proofs --docs $(PAIRS)

# EXPORTS="torch==2.13.0+cpu" tries that only; without, about 3 GB to fetch and install for four frameworks.
exports: venv ## PyTorch and MindSpore export for real, onnxruntime gives the same answers; the table goes into docs/proofs.md
	@$(WITH_COLLECTION) $(BIN)/python -m tests.checks.exports --docs $(EXPORTS)

# STACKS="2.9.0" tries these MindSpore releases only; about 1.3 GB and a quarter of an hour for each.
stacks: simulator ## inventories/example on a bare simulated host, once per MindSpore release; the table goes into docs/proofs.md
	@$(WITH_COLLECTION) $(BIN)/python -m tests.checks.stacks --docs $(STACKS)

pictures: venv ## README's pictures from the last demo: its report's page (chromium), its plan on a terminal
	@command -v chromium >/dev/null || apt-get install -y --no-install-recommends chromium
	@$(BIN)/python -m tests.demo.pictures

# FANOUT=1 measures the fan-out alone, on network namespaces: iproute2, nginx-light and openssh-server have to be there.
# SCALE=1 measures a thousand hosts that are none, FIRST=only the first installation (INSTALLER_SECONDS=60 HOSTS=4).
bench: $(if $(FANOUT)$(SCALE),venv,simulator) ## Costs as ratios against a floor, HOSTS=16; leaves build/bench.json
	@$(WITH_COLLECTION) $(BIN)/python -m tests.bench.bench

bench-pure: venv ## Planning, resolving, parsing: do they grow in step with the fleet; no host needed
	@$(BIN)/python -m tests.bench.pure.bench_npu_smi
	@$(WITH_COLLECTION) $(BIN)/python -m tests.bench.pure.bench_resolve
	@$(WITH_COLLECTION) $(BIN)/python -m tests.bench.pure.bench_plan

currency: venv ## What the package index has and the catalog lacks; asks the index that pip is set to
	@$(WITH_COLLECTION) $(BIN)/python -m tests.checks.currency

report: venv ## The report's page in a headless browser, at 4, 100 and 1,000 hosts
	@command -v chromium >/dev/null || apt-get install -y --no-install-recommends chromium
	@$(PYTEST) tests/report

docs: venv ## Build the documentation into build/docs/html
	@$(BIN)/python -m tests.checks.docs

clean: ## Remove hosts, images, caches and everything else that demo and test made
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m tests.simulator.fleet clean || true; fi
	@rm -rf build .cache .venv .pytest_cache .ruff_cache .hypothesis tests/output
