"""Take the style sheet and script out of the govuk-frontend npm package, without its typeface, crest and source maps."""

import hashlib
import re
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "static" / "govuk-frontend"
FOLDER = "package/dist/govuk/"
STYLE, SCRIPT = "govuk-frontend.min.css", "govuk-frontend.min.js"
FAMILY = "GDS Transport,arial,sans-serif"


def clean_style(css: str) -> str:
    """The style sheet with the reader's own system typeface and no address of any other file in it."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"(?:background|-webkit-mask|mask)-image:url\(/assets/images/govuk-crest\.svg\);?", "", css)
    css = css.replace(FAMILY, "var(--mars-font,arial,sans-serif)")
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/\s*", "", css)
    if "url(/assets" in css or "GDS Transport" in css:
        message = "the style sheet still asks for a file that is not shipped"
        raise SystemExit(message)
    return css


def clean_script(script: str) -> str:
    """The script without the address of its source map."""
    return re.sub(r"//# sourceMappingURL=.*\s*$", "\n", script)


def _member(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        message = f"{name} is not in the package"
        raise SystemExit(message)
    return member.read().decode()


def main(package: str) -> None:
    """Write both files and the list of their checksums."""
    with tarfile.open(package) as archive:
        read = {name: _member(archive, FOLDER + name) for name in (STYLE, SCRIPT)}
    files = {STYLE: clean_style(read[STYLE]), SCRIPT: clean_script(read[SCRIPT])}
    sums = []
    for name, text in files.items():
        (HERE / name).write_bytes(text.encode())
        sums.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n")
    (HERE / "SHA256SUMS").write_text("".join(sums), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
