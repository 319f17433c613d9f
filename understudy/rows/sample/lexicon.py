"""The invented names of the sample corpus; all its other words are in templates/."""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES: Final = _words("""
    Arvenmouth Bellowick Brackenlow Briarholt Calvesby Carrowmere Cindleford Corranby Dunmarrow
    Dovendale Eastmarrow Ellenport Fallowby Farrowdale Fennimoor Gallenport Garlstead Glimmerby
    Halverstone Harrowmouth Heatherlow Hollinport Ilverton Ivenmoor Jarrowick Kelderby Kestrelow
    Kindlemere Larkenham Lindermouth Lorrowby Maplecombe Marrenport Mellowick Merrowdale Millenby
    Nettlemere Norvenby Oakenlow Orlenby Ottermere Pellerdale Pennowick Quillham Rookenby
    Rowanport Ruddermouth Saltervale Sandrick Sorrelby Starlowe Stonemarrow Tamberley Tarnholt
    Thistleby Tollermere Umberford Vallenby Velmouth Wallowick Wendlemere Westerlow Whinnerby
    Willowmere Windlecombe Wrenhaven Yarrowby Yellenford Yewmoor Zellenport
""")

SURNAMES: Final = _words("""
    Abberlin Aldrow Ambervane Arkwell Balloway Bannerly Barrowin Bellander Birchlow Bramwick
    Brindlow Calloran Carrowell Cattermoor Corriden Cranlow Dallimer Delvane Dorrinway Drummel
    Ellerway Emberlin Fairlow Fallander Fennick Ferrowin Finchlow Gadderly Gildersen Gorrick
    Greavely Haddowin Hallomer Hartlow Hazelwin Hollanby Ingleway Jessamer Jorrick Kellowin
    Kestrin Kindrow Lammerly Larkwell Lethbrow Lindlow Lorrimoor Maddowin Marlby Merriden
    Millerow Morrowin Nettlow Norrigan Orrinway Osterlin Pallimer Pemberlow Perrowin Quarrow
    Quillander Rackwell Ravenlow Rosmer Sallowin Sandermoor Selwick Skellan Starrow Tallimer
    Tamblin Teasdow Thornlow Tillerow Underlow Vandermoor Wadderley Waverlin Wickerby Zellander
""")

WOMEN: Final = _words("""
    Ada Alice Anna Bella Clara Dora Edith Elena Emma Flora Grace Hanna Helen Ida Irene Julia
    Karen Laura Lena Lucy Maria Marta Nora Olive Petra Rosa Ruth Sara Tessa Vera
""")

MEN: Final = _words("""
    Adam Albert Anton Arthur Ben Carl Daniel David Edgar Eric Felix Frank George Henry Hugo Ian
    Jacob James Jonas Leo Luke Mark Martin Oscar Paul Peter Robert Simon Thomas Victor
""")

ORGANISATIONS: Final = (
    "Alderline Foods", "Amberway Bank", "Beckwater Group", "Birchfield Motors", "Brightmoor Media",
    "Carrick Steel", "Cedarline Rail", "Copperlane Energy", "Corvane Energy", "Dellwood Paper",
    "Eastling Freight", "Fernhill Foods", "Foxglade Media", "Goldenreed Insurance",
    "Harbourline Freight", "Hillcrane Steel", "Ironbrook Motors", "Kingsreed Group",
    "Lanternway Bank", "Meadowline Foods", "Northreed Insurance", "Oakline Paper",
    "Pinecrane Energy", "Quarryfield Group", "Redlark Rail", "Silverbeck Media", "Stoneline Bank",
    "Swiftwater Freight", "Tidewell Insurance", "Westcrane Motors",
)  # fmt: skip
