"""QR codes as vector drawings for the templates."""

import io

import segno

QUIET = 4  # modules of white around the code, as ISO/IEC 18004 asks for


def qr_svg(text: str) -> str:
    """The QR code of ``text`` at error correction M as SVG, with its quiet zone, black on white."""
    drawing = io.BytesIO()
    code = segno.make(text, error="m", micro=False, boost_error=False)
    code.save(drawing, kind="svg", border=QUIET, dark="#000", light="#fff", xmldecl=False)
    return drawing.getvalue().decode()
