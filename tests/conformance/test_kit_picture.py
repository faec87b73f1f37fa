"""A run under load is drawn as an SVG."""

import xml.etree.ElementTree as ET

from bosun_test.conformance.load import Sample
from bosun_test.conformance.picture import drawn

SAMPLES = [
    Sample(0.0, 0.010, "A", None),
    Sample(0.5, 0.020, "A", None),
    Sample(0.9, 0.005, None, "ConnectionResetError: gone"),
    Sample(1.0, 0.010, "B", None),
]
MARKS = [(0.8, "begins"), (0.95, "B serves")]


def test_latency_models_failures_and_marks_are_drawn():
    assert drawn(SAMPLES, MARKS, "a replacement") == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 300" font-family="sans-serif" font-size="12">\n'
        '<rect width="900" height="300" fill="white"/>\n'
        '<text x="60" y="18" font-size="14">a replacement: 4 requests, 1 failed</text>\n'
        '<path d="M60 40V260H880" fill="none" stroke="black"/>\n'
        '<text x="55" y="44" text-anchor="end">24.0 ms</text>\n'
        '<text x="55" y="260" text-anchor="end">0</text>\n'
        '<text x="880" y="276" text-anchor="end">1.0 s</text>\n'
        '<circle cx="60.0" cy="168.3" r="1.5" fill="#3465a4"/>\n'
        '<circle cx="465.9" cy="76.7" r="1.5" fill="#3465a4"/>\n'
        '<circle cx="871.9" cy="168.3" r="1.5" fill="#4e9a06"/>\n'
        '<path d="M790.7 40v10" stroke="red"/>\n'
        '<path d="M709.5 40V260" stroke="black" stroke-dasharray="4 3"/>\n'
        '<text x="712.5" y="34">begins</text>\n'
        '<path d="M831.3 40V260" stroke="black" stroke-dasharray="4 3"/>\n'
        '<text x="834.3" y="34">B serves</text>\n'
        '<circle cx="60" cy="286" r="4" fill="#3465a4"/>\n'
        '<text x="68" y="290">A</text>\n'
        '<circle cx="190" cy="286" r="4" fill="#4e9a06"/>\n'
        '<text x="198" y="290">B</text>\n'
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
    assert picture.count('r="1.5"') <= 5_000
    assert picture.count('stroke="red"') == 20
