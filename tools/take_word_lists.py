"""Makes the packaged word lists from a folder of SCOWL's (Debian's package `scowl` puts it under share/dict/scowl).

    python tools/take_word_lists.py /usr/share/dict/scowl

Words: English of all spellings up to size 50, in lower case, letters alone. Names: proper names of all sizes that are no words, and names
that are common in the United Kingdom and that those lists lack.
"""

import re
import string
import sys
import zlib
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "marstraining" / "search" / "english"
WORD_SIZES = (10, 20, 35, 40, 50)
NAME_SIZES = (10, 35, 40, 50, 60, 70, 80, 95)
MORE_NAMES = """
aarav abdi abdirahman abdullahi abiodun adebayo adeyemi agnieszka ahmad aleksander aleksandra amara anand aneeta aneta anjali anwar
asif ayaan
azhar balogun bartosz bashir bayo begum bhatti bilal bogdan bogdanov bukola chaudhry chidi chinwe ciaran ciara dafydd danuta dariusz
deirdre dhillon
dhruv dumitru ebele ejaz elzbieta emeka eoin ewa faisal faiza farah farhan farooq fatima femi fiadh gareth gill grazyna grzegorz
gurpreet halima
hamza harpreet hassan hina hussain hussein ibrahim ifeanyi iftikhar ikram imran iqbal irfan isla iwona izabela jagoda jakub jasmin
jaspreet joanna
kadir kamara kamila kamran kasia kaur kelechi khadija khalid kowalczyk kowalska kowalski krzysztof kuldeep laith lakshmi layla liwia lukasz
magdalena mahmood maisie malgorzata manpreet marcin mariam mariusz mateusz maryam mehmet michal mihai milosz mirza mohamed mohammad mohammed
monika muhammad mustafa nadeem nadia naeem nasreen natalia navdeep neha ngozi niamh nikhil nkechi noor nowak nowicki obi ola olamide
oluwaseun
oisin okafor okeke okoro omar osman parveen patryk pawel pavel piotr pooja popescu priya rabia rafal rahim rahman rajesh rashid
rehman rhys rishi
ryszard saba sadia safiya saima sajid salma sameer samina sanjay saoirse shabana shahid shazia sheikh shreya siddiqui sinead siobhan
slawomir
soren stanislaw sukhdeep sunita szymon tadeusz tahir tariq tomasz tunde uddin umar usman vikram wieslaw wojciech yasmin yusuf zahra
zainab zbigniew
zofia zubair zuzanna alfie archie bethan callum cerys demi ellie evie finley freddie gemma harvey hayley jenna jodie kayleigh kirsty
kyle leanne
lexi lottie millie poppy reece rhiannon shannon tegan tilly zara
"""


def main(folder: Path) -> None:
    """Write both lists."""
    spelt = ("english", "british", "british_z", "british_variant_1", "american")
    english = _read(folder, spelt, ("words",), WORD_SIZES)
    words = {word for word in english if re.fullmatch("[a-z]{3,24}", word)}
    proper = {name.lower() for name in _read(folder, ("english", "british"), ("upper", "proper-names"), NAME_SIZES)}
    names = {name for name in proper | set(MORE_NAMES.split()) if re.fullmatch("[a-z]{3,20}", name)} - words
    for name, found in (("words", words), ("names", names)):
        path = TARGET / f"{name}.z"
        path.write_bytes(_blocks(found))
        print(f"{path.name}: {len(found)} words, {path.stat().st_size} bytes")


def _blocks(words: set[str]) -> bytes:
    """The words of each letter compressed apart, so that one is looked up without unpacking all; first how long each block is."""
    by_letter = [sorted(word for word in words if word.startswith(letter)) for letter in string.ascii_lowercase]
    blocks = [zlib.compress("\n".join(["", *group, ""]).encode(), 9) for group in by_letter]
    return b"".join(len(block).to_bytes(4, "big") for block in blocks) + b"".join(blocks)


def _read(folder: Path, languages: tuple[str, ...], kinds: tuple[str, ...], sizes: tuple[int, ...]) -> set[str]:
    found: set[str] = set()
    for language in languages:
        for kind in kinds:
            for size in sizes:
                path = folder / f"{language}-{kind}.{size}"
                if path.exists():
                    found.update(path.read_text(encoding="latin-1").split())
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
