"""Reads PDF pages back: sizes in millimetres, colours of points, text, QR codes. Factories of what is printed."""

from dataclasses import dataclass
from datetime import date

import pypdfium2
import pytest
import zxingcpp

from wufei.core.package import Label

MM = 72 / 25.4  # points
CODE = "91330523MA2XXXXXXX9002140820261122001"
URL = f"https://wufei.example.gov.cn/q/{CODE}"


@dataclass
class Page:
    """A page of a PDF, drawn at ``scale`` pixels a millimetre."""

    page: pypdfium2.PdfPage
    scale: int = 10

    def __post_init__(self):
        self.bitmap = self.page.render(scale=self.scale / MM, rev_byteorder=True)
        self.pixels = bytes(self.bitmap.buffer)

    @property
    def size_mm(self):
        return tuple(side / MM for side in self.page.get_size())

    @property
    def text(self):
        return self.page.get_textpage().get_text_range().replace("\r\n", "")

    def colour(self, x_mm, y_mm):
        """(red, green, blue) at a point, from the top left corner."""
        at = int(y_mm * self.scale) * self.bitmap.stride + int(x_mm * self.scale) * self.bitmap.n_channels
        return tuple(self.pixels[at : at + 3])

    def runs(self, y_mm, wanted):
        """[(from, to)] in mm of the runs of pixels of one colour on a horizontal line."""
        found, start = [], None
        for x in range(self.bitmap.width + 1):
            is_it = x < self.bitmap.width and self.colour((x + 0.5) / self.scale, y_mm) == wanted
            if is_it and start is None:
                start = x
            elif not is_it and start is not None:
                found.append((start / self.scale, x / self.scale))
                start = None
        return found

    def qr_texts(self):
        grey = self.page.render(scale=self.scale / MM, grayscale=True)
        picture = memoryview(bytes(grey.buffer)).cast("B", (grey.height, grey.stride))
        return [found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]


@pytest.fixture
def pages():
    """Opens a PDF: its pages, drawn."""
    return lambda raw, scale=10: [Page(page, scale) for page in pypdfium2.PdfDocument(raw)]


@pytest.fixture
def make_label():
    """A label of used oil from 鄣吴镇."""

    def make(**changes):
        fields = {
            "code": CODE,
            "waste_name": "废机油",
            "category": "HW08 废矿物油与含矿物油废物",
            "waste_code": "900-214-08",
            "form": "液态",
            "hazards": ("T", "I"),
            "main_components": "矿物油",
            "harmful_components": "多环芳烃",
            "precautions": "远离火源，防止泄漏",
            "organisation": "安吉县鄣吴镇汽车维修有限公司",
            "contact": "张三",
            "phone": "13800000000",
            "generated_on": date(2026, 11, 22),
            "mass_g": 178_500,
            "remark": "第 3 桶",
            "qr_url": URL,
            "domain": "hazardous",
        }
        return Label(**(fields | changes))

    return make
