# Each target works alone on a fresh clone; all that is needed is Python 3.11 or newer with venv.
#   make test    lint, types, all tests and doctests, the examples in short form, the book
#   make book    builds the documentation into build/book: open build/book/index.html
#   make examples  runs every example at full length and checks what it reaches against its textbook
#                (about 15 minutes; EXAMPLES="04 12_lenet" takes some, WRITE=1 writes docs/results.md;
#                MNIST=FOLDER, FASHION=FOLDER: with the full data sets, whose files lie there)
#   make demo    trains a small network, draws its graph and learning curve into build/demo
#   make bench   times flowgraph beside TensorFlow, PyTorch, JAX and NumPy by hand; writes
#                docs/benchmarks.md (takes about ten minutes; TENSORFLOW=, TORCH=, JAX= name other
#                Pythons that have them, BENCH="--group workloads" takes a part)
#   make lint    only lint and types; make unit: only the tests
#   make clean   removes everything that the others made
# Another Python: make test PYTHON=python3.13

PYTHON ?= python3
BIN := .venv/bin

.PHONY: test checks unit book examples demo bench lint clean

# Lint, types and the book take one core at a time: the tests go on beside them.
test: .venv/.all
	$(MAKE) --no-print-directory -j 2 checks unit

checks: lint book

unit: .venv/.test
	$(BIN)/python -m pytest -q -n auto

# A warning is an error. Cells of docs/concepts run while it is built.
book: .venv/.docs
	$(BIN)/sphinx-build -j auto -q -W --keep-going -b html docs build/book

examples: .venv/.test
	$(BIN)/python examples/run_all.py $(if $(WRITE),--write) $(if $(MNIST),--mnist '$(MNIST)') \
	    $(if $(FASHION),--fashion '$(FASHION)') $(EXAMPLES)

demo: .venv/.demo
	@mkdir -p build/demo
	cd build/demo && MPLBACKEND=Agg "$(CURDIR)/$(BIN)/python" "$(CURDIR)/examples/05_mlp.py" --demo
	@echo "The pictures are in build/demo."

BENCH ?= --all --rounds 2 --seconds 0.5
bench: .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python benchmarks/compare.py $(BENCH) --write \
	    $(if $(TENSORFLOW),--tensorflow '$(TENSORFLOW)') $(if $(TORCH),--torch '$(TORCH)') \
	    $(if $(JAX),--jax '$(JAX)')

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find flowgraph tests examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# The stamps lie inside .venv, so that they vanish with it. A changed pyproject.toml makes it anew.
.venv/.made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("flowgraph needs Python 3.11 or newer, this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.test: .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

.venv/.docs: .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

.venv/.all: .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,docs]'
	@touch .venv/.test .venv/.docs $@

.venv/.demo: .venv/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[viz,examples]'
	@touch $@
