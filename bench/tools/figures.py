"""What bench.json holds, for the programs beside this file: reading, joining, naming figures."""

import json

FORMAT = 1


def load(path: str) -> dict:
    """The file's content. ValueError with a sentence for what is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: no bench.json of format {FORMAT}")
    return content


def join(parts: list) -> dict:
    """One file of those that the suites wrote. The machine's load is the highest that one of them met."""
    whole = dict(parts[0], figures=[], series=[])
    for part in parts:
        whole["figures"] += part["figures"]
        whole["series"] += part["series"]
        whole["machine"] = max(whole["machine"], part["machine"], key=lambda machine: machine["load"])
    return whole


def name_of(figure: dict) -> str:
    floor = figure.get("floor")
    return f"{figure['suite']}/{figure['case']}" + (f" to {floor}" if floor else "")


def value_of(figure: dict) -> float:
    """What is compared between machines and builds: the ratio, where there is a floor."""
    return figure["ratio"] if "floor" in figure else figure["subject"]


def rounded(number: float) -> str:
    """Three significant digits, with thousands set apart."""
    if number == 0:
        return "0"
    if abs(number) >= 1000:
        return f"{float(f'{number:.3g}'):,.0f}".replace(",", " ")
    return f"{number:.3g}"


def reach_words(figure: dict) -> list:
    """("ratio ≥ 0.6", True) for everything that must be reached."""
    signs = {">=": "≥", "<=": "≤"}
    return [(f"{'ratio ' if reach['of'] == 'ratio' else ''}{signs[reach['relation']]} {rounded(reach['value'])}",
             reach["holds"]) for reach in figure.get("reach", [])]
