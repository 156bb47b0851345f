"""Counts what topology files hold, by other means than sendim's readers, so that the two
can be held against each other. Prints a line of JSON for each file named:
{"file", "nodes", "links", "parallel", "loops", "demands"}, or {"file", "skip"}.

The kind of a file is told by its folder and ending. Needs Python 3 with PyYAML."""

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter


def count(nodes, pairs, demands=0):
    loops = sum(a == b for a, b in pairs)
    distinct = {frozenset(p) for p in pairs if p[0] != p[1]}
    return {"nodes": len(nodes), "links": len(pairs), "parallel": len(pairs) - loops - len(distinct),
            "loops": loops, "demands": demands}


def text(path):
    data = open(path, "rb").read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def joined(arcs):
    """Pairs up directions: the first of one way with the first of the other."""
    directed, pairs = Counter(arcs), []
    for (a, b), n in directed.items():
        back = directed.get((b, a), 0)
        if a <= b or not back:
            pairs += [(a, b)] * (n if a == b else max(n, back))
    return pairs


def local(e):
    return e.tag.rsplit("}", 1)[-1]


def graphml(path):
    root = ET.parse(path).getroot()
    nodes = [e.get("id") for e in root.iter() if local(e) == "node"]
    default = next((e.get("edgedefault") for e in root.iter() if local(e) == "graph"), "")
    arcs = [(e.get("source"), e.get("target")) for e in root.iter() if local(e) == "edge"]
    return count(nodes, joined(arcs) if default == "directed" else arcs)


def gml(path):
    s = text(path)
    nodes = re.findall(r"\bnode\s*\[", s)
    pairs = re.findall(r"\bedge\s*\[[^\]]*?\bsource\s+(\S+)[^\]]*?\btarget\s+(\S+)", s)
    return count(nodes, joined(pairs) if re.search(r"(?m)^\s*directed\s+1\b", s) else pairs)


def sndlib_xml(path):
    root = ET.parse(path).getroot()
    nodes = [e for e in root.iter() if local(e) == "node"]
    one = lambda e, name: next(c.text.strip() for c in e if local(c) == name)
    pairs = [(one(e, "source"), one(e, "target")) for e in root.iter() if local(e) == "link"]
    demands = [e for e in root.iter() if local(e) == "demand"]
    if not pairs:
        return None
    return count(nodes, pairs, len(demands))


def sndlib_native(path):
    s = re.sub(r"(?m)^\s*#.*$", "", text(path))
    part = lambda name: (re.search(r"(?ms)^\s*" + name + r"\s*\((.*?)^\s*\)", s) or [None, ""])[1]
    rows = lambda name: [l for l in part(name).split("\n") if l.strip()]
    pairs = [tuple(re.search(r"\(\s*(\S+)\s+(\S+)\s*\)", l).groups()) for l in rows("LINKS")]
    return count(rows("NODES"), pairs, len(rows("DEMANDS")))


def brite(path):
    nodes, pairs, where = [], [], None
    for line in text(path).replace("\0", "").splitlines():
        f = line.split()
        if f and f[0].startswith(("Nodes", "Edges")):
            where = f[0][:5]
        elif f and where == "Nodes":
            nodes.append(f[0])
        elif f and where == "Edges":
            pairs.append((f[1], f[2]))
    return count(nodes, pairs)


def intra(path):
    rows = [l.split()[:2] for l in text(path).splitlines() if l.strip()]
    directed = Counter(map(tuple, rows))
    pairs = []
    for (a, b), n in directed.items():
        back = directed.get((b, a), 0)
        if a <= b or not back:
            pairs += [(a, b)] * max(n, back)
    return count({x for r in rows for x in r}, pairs)


def cch(path):
    nodes, pairs = set(), set()
    for line in text(path).splitlines():
        m = re.match(r"(-?\d+)\s", line)
        if m:
            nodes.add(m[1])
            pairs |= {frozenset((m[1], x)) for x in re.findall(r"<(\d+)>|\{(-\d+)\}", line) for x in x if x}
    pairs = [tuple(p) for p in pairs if len(p) == 2 and all(x in nodes for x in p)]
    return count(nodes, pairs)


def as_rel(path):
    pairs = [tuple(l.split("|")[:2]) for l in text(path).splitlines() if l and l[0] != "#"]
    return count({x for p in pairs for x in p}, pairs)


def topohub(path):
    d = json.load(open(path))
    edges = d.get("edges", d.get("links"))
    demands = sum(len(v) for v in d["graph"].get("demands", {}).values())
    return count(d["nodes"], [(e["source"], e["target"]) for e in edges], demands)


def repetita(path):
    nodes, arcs, where = [], [], None
    for line in text(path).splitlines():
        f = line.split()
        if not f or f[0] == "label":
            continue
        if f[0] in ("NODES", "EDGES") and len(f) == 2:
            where = f[0]
        elif where == "NODES":
            nodes.append(f[0])
        else:
            arcs.append((f[1], f[2]))
    directed, pairs = Counter(arcs), []
    for (a, b), n in directed.items():
        back = directed.get((b, a), 0)
        if int(a) <= int(b) or not back:
            pairs += [(a, b)] * max(n, back)
    return count(nodes, pairs)


def miniedit(path):
    d = json.load(open(path))
    return count(d["hosts"] + d["switches"], [(l["src"], l["dest"]) for l in d["links"]])


def netbench(path):
    rows = [l for l in text(path).splitlines() if l.strip() and l[0] != "#"]
    n = next(int(l.split("=")[1]) for l in rows if l.startswith("|V|"))
    arcs = Counter(tuple(map(int, l.split())) for l in rows if "=" not in l)
    pairs = [p for p, k in arcs.items() if p[0] < p[1] or (p[1], p[0]) not in arcs for _ in range(k)]
    return count(range(n), pairs)


def hpcc(path):
    rows = text(path).splitlines()
    nodes, _, links = map(int, rows[0].split())
    return count(range(nodes), [tuple(r.split()[:2]) for r in rows[2:2 + links]])


def cloudsim(path):
    # Commas are white space to CloudSimSDN's parser: all go, and one comes between a value and what follows it.
    tokens = [t for t in re.findall(r'"(?:[^"\\]|\\.)*"|[][{}:]|[^][{}:,\s"]+', text(path))]
    opens = lambda t: t in "[{:"
    strict = "".join(t if i == 0 or opens(tokens[i - 1]) or t in "]}:" else "," + t for i, t in enumerate(tokens))
    d = json.loads(strict)
    return count({n["name"] for n in d["nodes"]}, [(l["source"], l["destination"]) for l in d["links"]])


def clab(path):
    import yaml
    s = text(path)
    if "{{" in s:
        return None
    t = yaml.safe_load(s)["topology"]
    links = t.get("links") or []
    return {"nodes": len(t["nodes"]), "links": len(links)}


def reader(path):
    folder, name = path.replace(os.sep, "/"), os.path.basename(path).lower()
    for part, ending, read in [
        ("/topology-zoo/", ".graphml", graphml), ("/topology-zoo/", ".gml", gml), ("/sndlib/", ".xml", sndlib_xml),
        ("/sndlib/native", ".txt", sndlib_native), ("/brite/", ".brite", brite), ("/rocketfuel/", ".intra", intra),
        ("/rocketfuel/", ".cch", cch), ("/caida/", "as-rel.txt", as_rel), ("/caida/", ".json", topohub),
        ("/repetita/", ".graph", repetita), ("/miniedit/", ".mn", miniedit), ("/netbench/", ".topology", netbench),
        ("/hpcc/", "fat.txt", hpcc), ("/cloudsim", ".json", cloudsim), ("/containerlab/", ".yml", clab),
        ("/containerlab/", ".yaml", clab),
    ]:
        if part in folder and name.endswith(ending):
            return read


for path in sys.argv[1:]:
    read = reader(path)
    try:
        out = read(path) if read else None
    except Exception as e:  # a file that even this cannot read is no witness
        print(f"{path}: {e!r}", file=sys.stderr)
        out = None
    print(json.dumps({"file": path, **(out or {"skip": True})}))
