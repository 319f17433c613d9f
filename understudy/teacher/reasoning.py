"""Takes a model's reasoning off the start of its text, where it is marked well enough to be sure.

Reasoning is what stands between two tags of one kind at the start, or before a closing tag whose
opening one the chat template has swallowed. Any other use of such tags is left as it is, and
called unclear: an article may speak of them.
"""

import re

MARKS = ("<", "[", "◁", "assistantfinal", "assistant final")
"""One of these is in every text with such tags."""
NAME = (
    r"(?:seed:|antml:)?"
    r"(?:think(?:ing)?|thoughts?|thought_process|reason(?:ing)?|reflection|analysis|scratchpad)"
)
OPEN = re.compile(
    rf"<(?P<tag>{NAME})(?:\s[^<>]*)?>"
    r"|\[(?P<square>THINK)\]"
    r"|<\|(?P<bar>(?:begin|start)_of_(?:thought|thinking|reasoning)|start_thinking|think)\|>"
    r"|◁(?P<moon>think)▷",
    re.IGNORECASE,
)
CLOSE = re.compile(
    rf"</{NAME}>|\[/THINK\]|◁/think▷"
    r"|<\|(?:end_of_(?:thought|thinking|reasoning)|end_thinking|/think)\|>",
    re.IGNORECASE,
)
CHANNEL = re.compile(
    r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*(?P<name>\w+)[^<]*<\|message\|>"
    r"(?P<text>.*?)(?=<\|(?:start|channel)\|>|\Z)",
    re.DOTALL,
)
"""A message of gpt-oss: one for each channel, `final` is the answer."""
CHANNEL_END = re.compile(r"\s*<\|(?:end|return|call)\|>\s*\Z")
BARE_CHANNEL = re.compile(r"analysis(?=[A-Z\"“'])(.+?)assistant\s?final(?=\S)", re.DOTALL)
"""The same when a server has dropped its special tokens."""
WRAPPERS = (
    re.compile(r"<(answer|response|output|final|final_answer|solution)>(.*)</\1>", re.DOTALL),
    re.compile(r"<\|begin_of_(solution|answer|response)\|>(.*?)(?:<\|end_of_\1\|>)?", re.DOTALL),
    re.compile(r"<\|START_(RESPONSE|TEXT)\|>(.*?)(?:<\|END_\1\|>)?", re.DOTALL),
)
"""What some models write around the answer after their reasoning."""
SENTENCE_END = re.compile(r"[.!?…:)\]][\"”’']?\Z")


def split_reasoning(text: str) -> tuple[str, str, bool]:
    """Takes reasoning off a text.

    Returns:
        The reasoning, empty if there is none; the text without it; and whether it is unclear what
        of that is reasoning. An unclear text is returned as it was, with the reasoning that it
        begins with where that has no end.
    """
    if not any(mark in text for mark in MARKS):
        return "", text, False
    reasoning, rest = _split_channels(text)
    if not reasoning:
        reasoning, rest = _split_tags(text)
    if OPEN.search(rest) or CLOSE.search(rest) or "<|channel|>" in rest:
        return text if OPEN.match(text.lstrip()) else "", text, True
    return (reasoning, rest.strip(), False) if reasoning else ("", text, False)


def _split_channels(text: str) -> tuple[str, str]:
    start = text.lstrip()
    if bare := BARE_CHANNEL.match(start):
        return bare[1], start[bare.end() :]
    messages = list(CHANNEL.finditer(start))
    if not messages or messages[0].start() > 0 or messages[-1]["name"] != "final":
        return "", text
    thoughts = "".join(message["text"] for message in messages[:-1])
    # a final message alone has no reasoning before it, but its marks come off as well
    return CHANNEL_END.sub("", thoughts) or " ", CHANNEL_END.sub("", messages[-1]["text"])


def _split_tags(text: str) -> tuple[str, str]:
    reasoning, rest = "", text.lstrip()
    while opening := OPEN.match(rest):
        closing = _closing_of(opening).search(rest, opening.end())
        if closing is None:
            if rest[opening.end() :].strip():
                return "", text
            return reasoning or " ", ""  # a tag and nothing else
        reasoning += rest[opening.end() : closing.start()] or " "
        rest = rest[closing.end() :].lstrip()
    if not reasoning:
        reasoning, rest = _split_swallowed(rest)
    if reasoning:
        for wrapper in WRAPPERS:
            if whole := wrapper.fullmatch(rest.strip()):
                rest = whole[2]
    return reasoning, rest if reasoning else text


def _closing_of(opening: "re.Match[str]") -> "re.Pattern[str]":
    """The end of what an opening tag begins."""
    if name := opening["tag"]:
        return re.compile(rf"</{re.escape(name)}>", re.IGNORECASE)
    return CLOSE


def _split_swallowed(text: str) -> tuple[str, str]:
    """Splits at a lone closing tag that stands like one: on a line's edge or after a sentence."""
    closings = list(CLOSE.finditer(text))
    if len(closings) != 1 or OPEN.search(text):
        return "", text
    before, after = text[: closings[0].start()], text[closings[0].end() :]
    on_edge = not before.strip(" \t") or before.rstrip(" \t").endswith("\n")
    on_edge = on_edge or not after.strip() or after.lstrip(" \t").startswith("\n")
    is_joint = SENTENCE_END.search(before) is not None and not after.startswith(" ")
    return (before or " ", after) if on_edge or is_joint else ("", text)
