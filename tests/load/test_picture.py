"""A run under load is drawn as an SVG."""

import xml.etree.ElementTree as ET

from bosun_test.load.clients import Sample
from bosun_test.load.picture import drawn

SAMPLES = [
    Sample(0.0, 0.010, "A", None),
    Sample(0.5, 0.020, "A", None),
    Sample(0.9, 0.005, None, "ConnectionResetError: gone"),
    Sample(0.99, 0.010, "B", None),
]
MARKS = [(0.8, "begins"), (0.95, "B serves")]


def test_latency_rate_models_failures_and_marks_are_drawn():
    assert drawn(SAMPLES, MARKS, "a replacement") == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 380" font-family="sans-serif" font-size="12">\n'
        '<rect width="900" height="380" fill="white"/>\n'
        '<text x="70" y="18" font-size="14">a replacement: 4 requests, 1 failed</text>\n'
        '<path d="M70 50V210H880" fill="none" stroke="black"/>\n'
        '<text x="65" y="54" text-anchor="end">24.0 ms</text>\n'
        '<text x="65" y="210" text-anchor="end">0</text>\n'
        '<circle cx="70.0" cy="143.3" r="1.5" fill="#3465a4"/>\n'
        '<circle cx="475.0" cy="76.7" r="1.5" fill="#3465a4"/>\n'
        '<circle cx="871.9" cy="143.3" r="1.5" fill="#e07b00"/>\n'
        '<path d="M799.0 50v12" stroke="red"/>\n'
        '<path d="M70 240V330H880" fill="none" stroke="black"/>\n'
        '<text x="65" y="244" text-anchor="end">80/s</text>\n'
        '<text x="65" y="330" text-anchor="end">0</text>\n'
        '<text x="880" y="346" text-anchor="end">1.0 s</text>\n'
        '<rect x="70.0" y="240.0" width="9.6" height="90.0" fill="#3465a4"/>\n'
        '<rect x="475.0" y="240.0" width="9.6" height="90.0" fill="#3465a4"/>\n'
        '<rect x="869.9" y="240.0" width="9.6" height="90.0" fill="#e07b00"/>\n'
        '<path d="M718.0 44V330" stroke="black" stroke-dasharray="4 3"/>\n'
        '<text x="721.0" y="40">begins</text>\n'
        '<path d="M839.5 44V330" stroke="black" stroke-dasharray="4 3"/>\n'
        '<text x="842.5" y="40">B serves</text>\n'
        '<circle cx="70" cy="366" r="4" fill="#3465a4"/>\n'
        '<text x="78" y="370">A</text>\n'
        '<circle cx="230" cy="366" r="4" fill="#e07b00"/>\n'
        '<text x="238" y="370">B</text>\n'
        "</svg>\n"
    )


def test_a_run_without_requests_is_a_picture_too():
    root = ET.fromstring(drawn([], [], "nothing"))
    assert root.find("{*}text").text == "nothing: 0 requests, 0 failed"


def test_whatever_the_title_and_the_models_are_called_the_picture_is_well_formed():
    hostile = "<&>\"' ]]> --"
    root = ET.fromstring(drawn([Sample(0.0, 0.1, hostile, None)], [(0.0, hostile)], hostile))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if hostile in text] == [f"{hostile}: 1 requests, 0 failed", hostile, hostile]


def test_a_long_run_is_thinned_and_none_of_its_failures_are():
    samples = [Sample(number / 1000, 0.001, "A", None if number % 1000 else "gone") for number in range(20_000)]
    picture = drawn(samples, [], "long")
    assert picture.count('r="1.5"') <= 1_500
    assert picture.count('stroke="red"') == 20


def test_the_bars_of_two_models_add_up_to_the_rate():
    samples = [Sample(number / 100, 0.001, "AB"[number % 2], None) for number in range(8_000)]
    root = ET.fromstring(drawn(samples, [], "two"))
    heights = [float(bar.get("height")) for bar in root.findall("{*}rect")[1:]]
    assert len(heights) == 160
    assert max(heights) <= 46
