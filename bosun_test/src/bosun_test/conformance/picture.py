"""A run under load as an SVG: latency over time, one colour a model, failures, and what was done when."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from bosun_test.conformance.load import Sample, percentile

_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 40, 40
_COLOURS = ("#3465a4", "#4e9a06", "#ad7fa8", "#c17d11", "#06989a")
_DOTS = 4_000  # more would only make the file large


def drawn(samples: Sequence[Sample], marks: Sequence[tuple[float, str]], title: str) -> str:
    """Return the picture; `marks` are (seconds since the load began, what happened)."""
    end = max([sample.began + sample.seconds for sample in samples] + [moment for moment, _ in marks] + [0.001])
    top = max(percentile(samples, 0.999) * 1.2, 0.001)
    models = list(dict.fromkeys(sample.model for sample in samples if sample.model is not None))
    colours = {model: _COLOURS[index % len(_COLOURS)] for index, model in enumerate(models)}

    def x(seconds: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / end, 1)

    def y(latency: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(latency, top) / top, 1)

    every = max(1, len(samples) // _DOTS)
    failed = [sample for sample in samples if sample.fault is not None]
    caption = f"{title}: {len(samples)} requests, {len(failed)} failed"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="18" font-size="14">{escape(caption)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="black"/>',
        f'<text x="{_LEFT - 5}" y="{_TOP + 4}" text-anchor="end">{top * 1000:.1f} ms</text>',
        f'<text x="{_LEFT - 5}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">0</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="end">{end:.1f} s</text>',
    ]
    for sample in [one for one in samples if one.fault is None][::every]:
        colour = colours[str(sample.model)]
        parts.append(f'<circle cx="{x(sample.began)}" cy="{y(sample.seconds)}" r="1.5" fill="{colour}"/>')
    parts += [f'<path d="M{x(sample.began)} {_TOP}v10" stroke="red"/>' for sample in failed[:_DOTS]]
    for moment, what in marks:
        parts.append(f'<path d="M{x(moment)} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="black" stroke-dasharray="4 3"/>')
        parts.append(f'<text x="{x(moment) + 3}" y="{_TOP - 6}">{escape(what)}</text>')
    for index, (model, colour) in enumerate(colours.items()):
        left = _LEFT + index * 130
        parts.append(f'<circle cx="{left}" cy="{_HEIGHT - 14}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{left + 8}" y="{_HEIGHT - 10}">{escape(model)}</text>')
    return "\n".join([*parts, "</svg>", ""])
