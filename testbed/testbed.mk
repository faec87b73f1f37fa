# Real engines for the tests; docs/testbed.md says what is made and where.
TESTBED_PYTHON ?= python3

.PHONY: testbed-docker testbed-k8s testbed-stop

testbed-docker: ## a Docker engine and the images for the tests (cold: about ten minutes, again: seconds)
	@$(TESTBED_PYTHON) -m testbed docker up

testbed-k8s: ## a Kubernetes cluster, registries and a gateway for the tests (cold: about 20 minutes, again: 30 s)
	@$(TESTBED_PYTHON) -m testbed k8s up

testbed-stop: ## stop what the testbed started
	@status=0; for half in k8s docker; do $(TESTBED_PYTHON) -m testbed $$half down || status=1; done; exit $$status
