"""A run under load as an SVG: latency, requests a second, one colour a model, failures, and what was done when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from bosun_test.load.clients import Sample, percentile

_WIDTH, _HEIGHT = 900, 380
_LEFT, _RIGHT, _TOP = 70, 20, 50
_LATENCY_BOTTOM, _RATE_TOP, _RATE_BOTTOM = 210, 240, 330
_COLOURS = ("#3465a4", "#e07b00", "#4e9a06", "#ad7fa8", "#06989a")
_DOTS = 1_500  # more would only make the file large
_BARS = 80


class _Scale(NamedTuple):
    """What the axes reach to: seconds of the run, seconds of an answer."""

    end: float
    slowest: float

    def x(self, seconds: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / self.end, 1)

    def y(self, latency: float) -> float:
        share = min(latency, self.slowest) / self.slowest
        return round(_LATENCY_BOTTOM - (_LATENCY_BOTTOM - _TOP) * share, 1)


def drawn(samples: Sequence[Sample], marks: Sequence[tuple[float, str]], title: str) -> str:
    """Return the picture; `marks` are (seconds since the load began, what happened)."""
    moments = [sample.began + sample.seconds for sample in samples] + [moment for moment, _ in marks]
    scale = _Scale(max([*moments, 0.001]), max(percentile(samples, 0.999) * 1.2, 0.001))
    answered = [sample for sample in samples if sample.fault is None]
    failed = [sample for sample in samples if sample.fault is not None]
    models = dict.fromkeys(str(sample.model) for sample in answered)
    colours = {model: _COLOURS[index % len(_COLOURS)] for index, model in enumerate(models)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 18, f"{title}: {len(samples)} requests, {len(failed)} failed", size=14),
        f'<path d="M{_LEFT} {_TOP}V{_LATENCY_BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="black"/>',
        _text(_LEFT - 5, _TOP + 4, f"{scale.slowest * 1000:.1f} ms", anchor="end"),
        _text(_LEFT - 5, _LATENCY_BOTTOM, "0", anchor="end"),
    ]
    for sample in answered[:: max(1, -(-len(answered) // _DOTS))]:
        colour = colours[str(sample.model)]
        parts.append(f'<circle cx="{scale.x(sample.began)}" cy="{scale.y(sample.seconds)}" r="1.5" fill="{colour}"/>')
    parts += [f'<path d="M{scale.x(sample.began)} {_TOP}v12" stroke="red"/>' for sample in failed[:_DOTS]]
    parts += _rates(answered, scale, colours)
    for moment, what in marks:
        line = f"M{scale.x(moment)} {_TOP - 6}V{_RATE_BOTTOM}"
        parts.append(f'<path d="{line}" stroke="black" stroke-dasharray="4 3"/>')
        parts.append(_text(scale.x(moment) + 3, _TOP - 10, what))
    for index, (model, colour) in enumerate(colours.items()):
        left = _LEFT + index * 160
        parts.append(f'<circle cx="{left}" cy="{_HEIGHT - 14}" r="4" fill="{colour}"/>')
        parts.append(_text(left + 8, _HEIGHT - 10, model))
    return "\n".join([*parts, "</svg>", ""])


def _rates(answered: Sequence[Sample], scale: _Scale, colours: Mapping[str, str]) -> Iterator[str]:
    """Yield the bars of requests a second, by the time at which they were asked, one model's upon another's."""
    width = scale.end / _BARS
    counts: dict[tuple[int, str], int] = {}
    for sample in answered:
        at = min(int(sample.began / width), _BARS - 1), str(sample.model)
        counts[at] = counts.get(at, 0) + 1
    heights = [sum(counts.get((bar, model), 0) for model in colours) for bar in range(_BARS)]
    most = max([*heights, 1])
    yield f'<path d="M{_LEFT} {_RATE_TOP}V{_RATE_BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="black"/>'
    yield _text(_LEFT - 5, _RATE_TOP + 4, f"{most / width:.0f}/s", anchor="end")
    yield _text(_LEFT - 5, _RATE_BOTTOM, "0", anchor="end")
    yield _text(_WIDTH - _RIGHT, _RATE_BOTTOM + 16, f"{scale.end:.1f} s", anchor="end")
    for bar in range(_BARS):
        bottom = float(_RATE_BOTTOM)
        for model, colour in colours.items():
            height = (_RATE_BOTTOM - _RATE_TOP) * counts.get((bar, model), 0) / most
            if height:
                left, right = scale.x(bar * width), scale.x((bar + 1) * width)
                box = f'x="{left}" y="{bottom - height:.1f}" width="{right - left - 0.5:.1f}" height="{height:.1f}"'
                yield f'<rect {box} fill="{colour}"/>'
                bottom -= height


def _text(x: float, y: float, text: str, *, size: int = 0, anchor: str = "") -> str:
    how = (f' font-size="{size}"' if size else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x}" y="{y}"{how}>{escape(text)}</text>'
