#!/usr/bin/env python3
"""Recomputes every gated verdict of a report from its trials, and compares.

    python3 harness/tests/recompute.py reports/latest/report.json

Exit code 0: every gated row agrees. 1: one does not, and the first is named. 2: not such a report.

Written from the method alone, and in other ways than the harness, so that a mistake in one is not
a mistake in both: the null distribution comes from listing all sign patterns, and a bound from
asking the test about every shift, in fractions, instead of from an order statistic.
"""

import itertools
import json
import math
import sys
from fractions import Fraction
from functools import lru_cache

LOOKS = (6, 10, 16)  # blocks at which a verdict may be given
ALPHA = Fraction(5, 100) / len(LOOKS)  # one-sided, each look
REDOS_PER_LOOK = 2
OUTSIDE_MOST, STOLEN_MOST = 0.05, 0.01  # of the host's CPU time, means over a block or void
SAMPLES = {"p50": 200, "p90": 1_000, "p99": 10_000, "p999": 100_000}  # a quantile needs
TOLERANCE = 1e-9  # relative: two ways of rounding
FIGURES = {
    "throughput": "throughput_per_s",
    "cpu": "cpu_s_per_million",
    "memory": "memory_bytes",
    "backlog": "backlog_bytes_per_event",
}
ALSO_CORRECTED = ("throughput", "latency-p50", "latency-p99", "cpu")


class Disagreement(Exception):
    """What the report says is not what its trials say."""


class Unreadable(Exception):
    """Figures from which no ratio comes, with the verdict this means."""


# The exact signed-rank test.


@lru_cache(maxsize=None)
def patterns_at_most(n):
    """For each value of the rank sum: how many of the 2^n sign patterns give no more."""
    counts = [0] * (n * (n + 1) // 2 + 1)
    for signs in itertools.product((0, 1), repeat=n):
        counts[sum(rank for rank, sign in enumerate(signs, 1) if sign)] += 1
    return list(itertools.accumulate(counts))


def rejected(values, shift, below):
    """Whether the test says that the centre is not as low (high, if not `below`) as `shift`."""
    by_size = sorted(values, key=lambda value: abs(value - shift))
    against = sum(r for r, v in enumerate(by_size, 1) if (v < shift if below else v > shift))
    return Fraction(patterns_at_most(len(values))[against], 2 ** len(values)) <= ALPHA


def walsh(values):
    return sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))


def median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def bounds(values):
    """The outermost shifts that are not rejected. The test changes its mind at averages of pairs."""
    cuts = sorted(set(walsh(values)))
    inside = [(a + b) / 2 for a, b in zip(cuts, cuts[1:])]
    above, below = inside + [cuts[-1] + 1], [cuts[0] - 1] + inside
    low = next(cut for cut, probe in zip(cuts, above) if not rejected(values, probe, True))
    pairs = reversed(list(zip(cuts, below)))
    return low, next(cut for cut, probe in pairs if not rejected(values, probe, False))


def estimate(log_ratios):
    """What the latest look that so many blocks reach says; no interval below the first."""
    reached = [look for look in LOOKS if look <= len(log_ratios)]
    values = [Fraction(r) for r in log_ratios[: reached[-1] if reached else None]]
    if not values:
        return None
    centre, interval = median(walsh(values)), None
    if reached:
        low, high = bounds(values)
        arm = max(high - centre, centre - low)
        interval = {"low": math.exp(low), "high": math.exp(high), "detectable": math.exp(arm)}
    return {"ratio": math.exp(centre), "blocks": len(values), "interval": interval}


def decision(limit, found):
    """`pass`, `fail` or `noise`."""
    if found is None or found["interval"] is None:
        return "noise"
    low, high = found["interval"]["low"], found["interval"]["high"]
    if limit["direction"] == "at-least":
        low, high, bar = -high, -low, -limit["ratio"]
    else:
        bar = limit["ratio"]
    return "pass" if high <= bar else "fail" if low > bar else "noise"


# From trials to log ratios.


def figure(trial, metric, quantile):
    figures = trial["figures"]
    if metric in FIGURES:
        return figures[FIGURES[metric]]
    return figures["latency"] and float(figures["latency"][f"{quantile}_ns"])


def quantile_of(metric, blocks):
    """The highest that the trial with the fewest samples carries, not above the one asked for."""
    if not metric.startswith("latency-"):
        return None
    asked = metric.split("-")[1]
    samples = [t["figures"]["latency"]["samples"] for t in trials(blocks) if t["figures"]["latency"]]
    carried = [q for q in SAMPLES if SAMPLES[q] <= min(samples, default=SAMPLES[asked])]
    carried = [q for q in carried if SAMPLES[q] <= SAMPLES[asked]]
    if not carried:
        raise Unreadable("inconclusive", "too-few-samples")
    return carried[-1]


def trials(blocks):
    return [trial for block in blocks for trial in block["trials"]]


def sides(blocks, metric, quantile):
    """Baseline's and candidate's figures of each block."""
    rows = [[figure(trial, metric, quantile) for trial in block["trials"]] for block in blocks]
    figures = [value for row in rows for value in row]
    if figures and all(value is None for value in figures):
        raise Unreadable("not-applicable", None)
    if None in figures:
        raise Unreadable("inconclusive", "invalid-trial")
    pick = lambda block, row, side: [v for v, s in zip(row, block["order"]) if s == side]
    return [(pick(b, r, "baseline"), pick(b, r, "candidate")) for b, r in zip(blocks, rows)]


def log_ratio(baseline, candidate):
    if any(v is None or not math.isfinite(v) or v <= 0 for v in baseline + candidate):
        return None
    return (sum(map(math.log, candidate)) - sum(map(math.log, baseline))) / 2


def without_floor(metric, values, floor):
    """A cost less the instrument's; of rates the times per event are."""
    if metric != "throughput":
        return [value - floor for value in values]
    if floor <= 0:
        return [None for _ in values]
    return [1 / (1 / v - 1 / floor) if 0 < v < floor else None for v in values]


def read(row, evidence):
    """Everything between the trials and the interval."""
    metric = row["metric"]
    kept = [block for block in evidence["blocks"] if not block["redone"]]
    nulls = [block for block in evidence["nulls"] if not block["redone"]]
    quantile = quantile_of(metric, kept)
    values, null_values = sides(kept, metric, quantile), sides(nulls, metric, quantile)
    raw, null = [log_ratio(*v) for v in values], [log_ratio(*v) for v in null_values]
    if None in raw + null:
        raise Unreadable("inconclusive", "invalid-trial")
    floors = []
    for bus in (row["baseline"], row["candidate"]):
        voids = [v for v in evidence["voids"] if v["void_of"] == bus and not v.get("redone")]
        own = [figure(void, metric, quantile) for void in voids]
        own = [value for value in own if value is not None]
        floors.append(median(own) if own else None)
    corrected, has_floor = [], None not in floors
    if has_floor:
        off = lambda pair: [without_floor(metric, v, f) for v, f in zip(pair, floors)]
        corrected = [log_ratio(*off(pair)) for pair in values]
        corrected = [] if None in corrected else corrected
    middle = [median(sum((pair[at] for pair in values), [])) if values else None for at in (0, 1)]
    ratios = {
        "raw": raw,
        "corrected": corrected,
        "nulls": null,
        "baseline_floor": floors[0] if has_floor else None,
        "candidate_floor": floors[1] if has_floor else None,
    }
    found = {"quantile": quantile, "baseline": middle[0], "candidate": middle[1]}
    return {**found, "block_ratios": ratios, "gates_corrected": has_floor and metric in ALSO_CORRECTED}


# From log ratios to the verdict.


def bar(metric, evidence):
    """Why these trials may not conclude, whatever their figures are."""
    if evidence["barred"]:
        return evidence["barred"][0]
    kept = [b for b in evidence["blocks"] + evidence["nulls"] if not b["redone"]]
    voids = [void for void in evidence["voids"] if not void.get("redone")]
    states = [trial["validity"]["is"] for trial in trials(kept) + voids]
    asked = kept + (voids if metric in ALSO_CORRECTED else [])
    busy = any(one.get("host_busy") is not None for one in asked)
    reasons = [("invalid-trial", "invalid" in states), ("generator-late", "generator-late" in states)]
    return next((why for why, holds in reasons + [("host-busy", busy)] if holds), None)


def at(limit, reading):
    ratios = reading["block_ratios"]
    raw, corrected = estimate(ratios["raw"]), estimate(ratios["corrected"])
    says, basis = decision(limit, raw), "raw"
    if raw is None:
        says = "budget"
    elif reading["gates_corrected"]:
        if corrected is None or decision(limit, corrected) != says:
            says = "instrument-bound"
        if corrected is not None:
            worse = corrected["ratio"] > raw["ratio"]
            if limit["direction"] == "at-least":
                worse = corrected["ratio"] < raw["ratio"]
            basis = "corrected" if worse else "raw"
    return {"raw": raw, "corrected": corrected, "basis": basis, "says": says}


def first(entries, count):
    """As many as it takes for `count` of them to count, or all of them."""
    taken = []
    for entry in entries:
        if count == 0:
            break
        taken.append(entry)
        count -= not entry.get("redone", False)
    return taken


def when_reached(evidence, number):
    """What had been run at a look: its blocks, and for each look so far an A/A block and two floors."""
    so_far = {"blocks": LOOKS[number - 1], "nulls": number, "voids": 2 * number}
    return {**evidence, **{sort: first(evidence[sort], count) for sort, count in so_far.items()}}


def judge(row, evidence):
    """The first look that decides, asked about nothing that was run after it; else the last one."""
    kept = sum(not block["redone"] for block in evidence["blocks"])
    found = None
    for number in (n for n, look in enumerate(LOOKS, 1) if look <= kept):
        found = judge_all(row, when_reached(evidence, number))
        if found["verdict"][0] in ("pass", "fail"):
            return found
    return found or judge_all(row, evidence)


def judge_all(row, evidence):
    """Verdict, reason, and all figures on the way, as far as there are any."""
    barred = bar(row["metric"], evidence)
    try:
        reading = read(row, evidence)
    except Unreadable as why:
        kind, reason = why.args
        return {"verdict": (kind, reason if kind != "inconclusive" else barred or reason)}
    limit, log_ratios = row["judgement"]["limit"], reading["block_ratios"]
    count = len(log_ratios["raw"])
    stands = at(limit, reading)
    says = stands.pop("says")
    if count < LOOKS[0]:
        says = "budget"
    elif any(abs(r) > abs(math.log(limit["ratio"])) / 2 for r in log_ratios["nulls"]):
        says = "null-biased"
    elif says == "noise" and evidence["stopped"] and count < LOOKS[-1]:
        says = "budget"
    says = barred or says
    verdict = (says, None) if says in ("pass", "fail") else ("inconclusive", says)
    return {**reading, **stands, "verdict": verdict}


# The comparison.


def same(place, said, found):
    if isinstance(found, dict) and isinstance(said, dict):
        for key in found:
            same(f"{place}.{key}", said[key], found[key])
    elif isinstance(found, list) and isinstance(said, list) and len(said) == len(found):
        for index, pair in enumerate(zip(said, found)):
            same(f"{place}[{index}]", *pair)
    elif isinstance(found, float) and isinstance(said, (int, float)):
        if not math.isclose(said, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise Disagreement(f"{place}: the report says {said}, its trials say {found}")
    elif said != found:
        raise Disagreement(f"{place}: the report says {said}, its trials say {found}")


def run_again_for_the_host(place, entry, of, beside=()):
    """Whether an entry is called busy by the load during its trials, and redone for that alone, or for what it was run beside."""
    loads = [trial["figures"]["host"] for trial in of if trial["figures"]["host"]]
    mean = lambda part: sum(load[part] for load in loads) / max(len(loads), 1)
    busy = mean("outside") > OUTSIDE_MOST or mean("stolen") > STOLEN_MOST
    same(f"{place} host was busy", entry.get("host_busy") is not None, busy)
    others = any(other["redone"] and other["host_busy"] is not None for other in beside)
    if entry.get("redone") and not busy and not others:
        raise Disagreement(f"{place}: run again although the host was not busy")


def run_as_promised(evidence, others=()):
    """Orders, and that what was run again was for what the host did alone, at most twice a look.

    Pairs of a case go side by side: the blocks of a round have one place, and are run again together.
    """
    for sort, buses in (("blocks", ("baseline", "candidate")), ("nulls", ("baseline", "baseline"))):
        for index, block in enumerate(evidence[sort]):
            place = f"{evidence['case']} {sort}[{index}]"
            order = [side == "candidate" for side in block["order"]]
            if order[0] != order[3] or order[1] != order[2] or order[0] == order[1]:
                raise Disagreement(f"{place}: neither ABBA nor BAAB")
            same(f"{place} buses", [t["bus"] for t in block["trials"]], [evidence[buses[c]] for c in order])
            beside = [other["blocks"][index] for other in others if sort == "blocks" and index < len(other["blocks"])]
            run_again_for_the_host(place, block, block["trials"], beside)
    for index, void in enumerate(evidence["voids"]):
        run_again_for_the_host(f"{evidence['case']} voids[{index}]", void, [void])
    kept = sum(not block["redone"] for block in evidence["blocks"])
    looks = min(len(LOOKS), 1 + sum(look <= kept for look in LOOKS))
    entries = evidence["blocks"] + evidence["nulls"] + evidence["voids"]
    redone = sum(bool(entry.get("redone")) for entry in entries)
    if redone > REDOS_PER_LOOK * looks:
        raise Disagreement(f"{evidence['case']}: {redone} run again in {looks} looks")


def recompute(report):
    """How many gated rows agree."""
    key = lambda entry: (entry["case"], entry["baseline"], entry["candidate"])
    evidence = {key(entry): entry for entry in report["evidence"]}
    for entry in report["evidence"]:
        beside = [other for other in report["evidence"] if other["case"] == entry["case"] and other is not entry]
        run_as_promised(entry, beside)
    gated = [row for row in report["performance"] if row["gated"]]
    for row in gated:
        place = f"{row['case']} {row['metric']} {row['candidate']}"
        if key(row) not in evidence:
            raise Disagreement(f"{place}: none of its trials is in the report")
        found = judge(row, evidence[key(row)])
        found.pop("gates_corrected", None)
        kind, why = found.pop("verdict")
        for name, value in found.items():
            same(f"{place} {name}", row["judgement"][name], value)
        said = row["judgement"]["verdict"]
        same(f"{place} verdict", said["is"], kind)
        if kind == "inconclusive":
            same(f"{place} reason", said["why"], why)
    return len(gated)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            rows = recompute(json.load(file))
    except Disagreement as what:
        print(f"disagreement: {what}")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as cause:
        print(f"not a whole report: {type(cause).__name__}: {cause}", file=sys.stderr)
        return 2
    if rows == 0:
        print("no gated row in this report: nothing was recomputed", file=sys.stderr)
        return 2
    print(f"{rows} gated row(s) agree with their trials")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
