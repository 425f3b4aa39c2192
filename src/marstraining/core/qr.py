"""QR codes as SVG."""

import io

import segno


def qr_svg(text: str) -> bytes:
    """An SVG of a QR code with its quiet zone, as wide as its place on the page; black on white, since phones scan that best."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=4, dark="#000", light="#fff", omitsize=True)
    return drawn.getvalue()
