"""Plots as SVG: lines over a linear or logarithmic axis, ticks, a legend. Nothing but the standard library."""

import math
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 40, 60
COLOURS = ["#1f6feb", "#8c959f", "#57606a", "#bf3989", "#1a7f37", "#9a6700"]


class Line(NamedTuple):
    name: str
    points: list  # of (x, y)
    dashed: bool = False


class Axis:
    """From values to places between `begin` and `end`."""

    def __init__(self, values: list, begin: float, end: float, log: bool):
        self.log = log and min(values) > 0
        low, high = min(values), max(values)
        if self.log:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
        else:
            step = self._step(min(low, 0), high)
            self.low, self.high = math.floor(min(low, 0) / step) * step, math.ceil(high / step) * step
            self.step = step
        if self.high == self.low:
            self.high = self.low + 1
        self.begin, self.end = begin, end

    @staticmethod
    def _step(low: float, high: float) -> float:
        rough = max(high - low, 1e-9) / 5
        magnitude = 10 ** math.floor(math.log10(rough))
        return next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= rough)

    def place(self, value: float) -> float:
        value = math.log10(value) if self.log else value
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self) -> list:
        if self.log:
            return [10.0 ** power for power in range(self.low, self.high + 1)]
        count = round((self.high - self.low) / self.step)
        return [self.low + i * self.step for i in range(count + 1)]


def label(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def draw(title: str, x_name: str, y_name: str, lines: list, log_x: bool = False, log_y: bool = False) -> str:
    points = [point for line in lines for point in line.points]
    x_axis = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT, log_x)
    y_axis = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP, log_y)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
             f'font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{WIDTH / 2}" y="22" text-anchor="middle" font-size="15">{escape(title)}</text>']
    for tick in x_axis.ticks():
        x = x_axis.place(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e5e7eb"/>'
                     f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label(tick)}</text>')
    for tick in y_axis.ticks():
        y = y_axis.place(tick)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>'
                     f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label(tick)}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_name)}</text>'
                 f'<text x="18" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 18 {HEIGHT / 2})">'
                 f'{escape(y_name)}</text>')
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        path = " ".join(f"{x_axis.place(x):.1f},{y_axis.place(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x_axis.place(x):.1f}" cy="{y_axis.place(y):.1f}" r="3" fill="{colour}"/>'
                  for x, y in line.points]
        y = TOP + 14 + number * 18
        parts.append(f'<line x1="{WIDTH - 170}" y1="{y}" x2="{WIDTH - 140}" y2="{y}" stroke="{colour}" '
                     f'stroke-width="2"{dash}/><text x="{WIDTH - 134}" y="{y + 4}">{escape(line.name)}</text>')
    return "\n".join(parts) + "\n</svg>\n"
