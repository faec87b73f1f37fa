# Real engines for the tests; docs/testbed.md says what is made and where.
TESTBED_PYTHON ?= python3

.PHONY: testbed-docker testbed-stop

testbed-docker: ## a Docker engine and the images for the tests (cold: about ten minutes, again: seconds)
	@$(TESTBED_PYTHON) -m testbed docker up

testbed-stop: ## stop what the testbed started
	@$(TESTBED_PYTHON) -m testbed docker down
