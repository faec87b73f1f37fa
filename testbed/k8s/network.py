"""The pods' network on this machine: a bridge, a way to their services, and what lets packets through."""

import json
import socket
import subprocess
from pathlib import Path

from testbed.errors import TestbedError
from testbed.k8s import addresses
from testbed.running import ask, run

CHAIN = "BOSUN-PODS"
SECONDS = 30
# kube-proxy's chains; its own clean-up leaves some.
_KUBERNETES = "KUBE-"
_PARENTS = {"filter": ("INPUT", "OUTPUT", "FORWARD"), "nat": ("PREROUTING", "OUTPUT", "POSTROUTING")}


def check() -> None:
    """See that no other cluster's node is on this machine, and nothing has the addresses of this one.

    Raises:
        TestbedError: there is one.
    """
    if any(line.startswith(f"-N {_KUBERNETES}SERVICES") for line in _rules("iptables", "nat")):
        raise TestbedError(
            "another Kubernetes node runs on this machine (iptables has its KUBE-SERVICES): the testbed's own would "
            "disturb it. Use that cluster: docs/testbed.md says how"
        )
    for link in json.loads(ask(["ip", "-json", "address", "show"])):
        for address in link["addr_info"]:
            if address["local"] == addresses.HOST:
                raise TestbedError(f"{link['ifname']} has {addresses.HOST}, which the testbed needs for its pods")


def up() -> None:
    """Make the bridge and the rules; what is there already stays.

    Raises:
        TestbedError: this is not root, or iptables or ip fails.
    """
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="utf-8")
    if _there():
        return
    for words in (
        ["link", "add", addresses.BRIDGE, "type", "bridge"],
        ["address", "add", f"{addresses.HOST}/{addresses.PODS.partition('/')[2]}", "dev", addresses.BRIDGE],
        ["link", "set", addresses.BRIDGE, "up"],
        # A machine without a default route reaches services too, and pods see this one's address on their bridge.
        ["route", "add", addresses.SERVICES, "dev", addresses.BRIDGE, "src", addresses.HOST],
    ):
        run(["ip", *words], seconds=SECONDS, log="network-up")
    # Pods of one bridge answer each other directly: where this is off, the answer to a service's client is lost.
    Path("/proc/sys/net/bridge/bridge-nf-call-iptables").write_text("1", encoding="utf-8")
    # A Docker engine may have closed forwarding to everything but its own networks.
    pods = addresses.PODS
    for words in (
        ["-t", "filter", "-N", CHAIN],
        ["-t", "filter", "-A", CHAIN, "-s", pods, "-j", "ACCEPT"],
        ["-t", "filter", "-A", CHAIN, "-d", pods, "-j", "ACCEPT"],
        ["-t", "filter", "-I", "FORWARD", "-j", CHAIN],
        ["-t", "nat", "-N", CHAIN],
        ["-t", "nat", "-A", CHAIN, "-s", pods, "!", "-d", pods, "-j", "MASQUERADE"],
        ["-t", "nat", "-I", "POSTROUTING", "-j", CHAIN],
    ):
        run(["iptables", "--wait", *words], seconds=SECONDS, log="network-up")


def down() -> None:
    """Take away the bridge with what hangs on it, and every chain of ours and of kube-proxy.

    Raises:
        TestbedError: iptables or ip fails.
    """
    if _there():
        ports = json.loads(ask(["ip", "-json", "link", "show", "master", addresses.BRIDGE]))
        for name in [*(port["ifname"] for port in ports), addresses.BRIDGE]:
            # One that goes with its pod in this moment is gone as well.
            subprocess.run(["ip", "link", "delete", name], check=False, stderr=subprocess.DEVNULL, timeout=SECONDS)
        if _there():
            raise TestbedError(f"the bridge cannot be removed: try `ip link delete {addresses.BRIDGE}`")
    for program in ("iptables", "ip6tables"):
        for table in ("filter", "nat", "mangle"):
            _clear(program, table)


def _there() -> bool:
    return addresses.BRIDGE in [name for _, name in socket.if_nameindex()]


def _rules(program: str, table: str) -> list[str]:
    try:
        return ask([program, "--wait", "-t", table, "-S"]).splitlines()
    except TestbedError:
        return []  # a kernel without IPv6, or without this table


def _clear(program: str, table: str) -> None:
    rules = [rule.split() for rule in _rules(program, table)]
    chains = [rule[1] for rule in rules if rule[0] == "-N" and rule[1].startswith((_KUBERNETES, CHAIN))]
    if not chains:
        return
    script = [f"*{table}"]
    for rule in _rules(program, table):
        words = rule.split()
        if words[0] == "-A" and words[1] not in chains and words[-1:] and _target(words) in chains:
            script.append(f"-D{rule[2:]}")
    script += [f"-F {chain}" for chain in chains] + [f"-X {chain}" for chain in chains] + ["COMMIT", ""]
    ended = subprocess.run(
        [f"{program}-restore", "--wait", "--noflush"],
        input="\n".join(script),
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if ended.returncode:
        raise TestbedError(f"{program}-restore failed: {ended.stderr.strip()}")


def _target(words: list[str]) -> str:
    return words[words.index("-j") + 1] if "-j" in words else ""
