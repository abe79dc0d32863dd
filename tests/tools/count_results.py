"""Adds up what the runners wrote (TRX of .NET, TAP of Node), repeats what failed and prints the sum as the last line.

Exit code 1 when a test failed, when a runner left no result, or when nothing ran at all.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as tree


def from_trx(path):
    counters = tree.parse(path).getroot().find(".//{*}Counters").attrib
    total, executed, passed = (int(counters[key]) for key in ("total", "executed", "passed"))
    return passed, executed - passed, total - executed


def from_tap(path):
    text = path.read_text(encoding="utf-8")
    figure = lambda word: int(re.findall(rf"^# {word} (\d+)$", text, re.M)[-1])
    return figure("pass"), figure("fail") + figure("cancelled"), figure("skipped") + figure("todo")


def failures_of_trx(path):
    for result in tree.parse(path).getroot().iterfind(".//{*}UnitTestResult[@outcome='Failed']"):
        said = (result.findtext(".//{*}Message") or "").strip()
        where = (result.findtext(".//{*}StackTrace") or "").strip()
        yield result.attrib["testName"], f"{said}\n{where}"


def failures_of_tap(path):
    # A failed test's details are the indented block that follows it.
    for name, details in re.findall(r"^ *not ok \d+ - (.+)\n((?: +.*\n)*)", path.read_text(encoding="utf-8"), re.M):
        yield name, details


def print_failures(files):
    for path in files:
        for name, details in (failures_of_trx if path.suffix == ".trx" else failures_of_tap)(path):
            print(f"FAILED {path.stem}: {name}")
            print("\n".join(f"    {line}" for line in details.strip().splitlines()[:25]))


def main(folder):
    sums = [0, 0, 0]
    files = sorted([*folder.glob("*.trx"), *folder.glob("*.tap")])
    print_failures(files)
    for path in files:
        counts = from_trx(path) if path.suffix == ".trx" else from_tap(path)
        print(f"{path.stem:40} {counts[0]:6} passed {counts[1]:4} failed {counts[2]:4} skipped")
        sums = [a + b for a, b in zip(sums, counts)]
    skipped = f", {sums[2]} skipped" if sums[2] else ""
    print(f"{sums[0]} passed, {sums[1]} failed{skipped}")
    return 0 if sums[0] > 0 and sums[1] == 0 else 1


sys.exit(main(pathlib.Path(sys.argv[1])))
