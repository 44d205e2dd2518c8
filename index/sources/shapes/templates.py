"""Prompts that were written out for a model: one text that holds the turns of a whole conversation between marks.

Without this the system's words and the model's earlier replies would count as the user's. The marks are those of public chat
templates: ChatML, Llama 2 and 3, Gemma, and "Human:" and "Assistant:" of older APIs.
"""

import re
from collections.abc import Iterator

from index.core.records import Role, Turn

_ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "assistant": "assistant", "model": "assistant", "ai": "assistant", "system": "system", "tool": "tool",
}  # fmt: skip
_MARKED = (
    re.compile(r"<\|im_start\|>\s*(\w+)[^\n]*\n(.*?)(?:<\|im_end\|>|(?=<\|im_start\|>)|$)", re.DOTALL),
    re.compile(
        r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>(.*?)(?:<\|eot_id\|>|(?=<\|start_header_id\|>)|$)",
        re.DOTALL,
    ),
    re.compile(r"<start_of_turn>\s*(\w+)\n(.*?)(?:<end_of_turn>|(?=<start_of_turn>)|$)", re.DOTALL),
    re.compile(
        r"<\|(user|assistant|system)\|>\s*\n?(.*?)(?:</s>|<\|end\|>|(?=<\|(?:user|assistant|system)\|>)|$)", re.DOTALL
    ),
)
_INSTRUCTION = re.compile(r"\[INST\](.*?)\[/INST\](.*?)(?=</s>|<s>|\[INST\]|$)", re.DOTALL)
_SYSTEM = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)
_HEADED = re.compile(
    r"###\s*(Human|User|Assistant|System):[ \n]?|(?:(?<=\n)|^)###\s*(Instruction|Input|Response|Output):?[ \n]?",
    re.IGNORECASE,
)
_OF_HEADING: dict[str, Role] = {
    "human": "user", "user": "user", "instruction": "user", "input": "user", "assistant": "assistant", "response": "assistant",
    "output": "assistant", "system": "system",
}  # fmt: skip
_BARRED = re.compile(r"\[\|(Human|AI|User|Assistant)\|\]")
_LINES = re.compile(r"(?:^|\n)(User|Human|Customer|Bot|Assistant|AI|Agent|Chatbot): ?")
_OF_LINE: dict[str, Role] = {"user": "user", "human": "user", "customer": "user"}
_NAMED = re.compile(r"(?:^|\n\n)(Human|User|Assistant|AI|System): ?")
_LEAST_NAMED = 2


def templated(text: str) -> tuple[Turn, ...]:
    """The turns that a prompt holds between marks; none for any other text."""
    if "<|" in text or "<start_of_turn>" in text:
        for pattern in _MARKED:
            found = tuple(
                Turn(_ROLES[role.lower()], said.strip())
                for role, said in pattern.findall(text)
                if role.lower() in _ROLES and said.strip()
            )
            if found:
                return found
    if "[INST]" in text and "[/INST]" in text:
        return tuple(_instructions(text))
    if "###" in text:
        found = tuple(Turn(_OF_HEADING[who.lower()], said) for who, said in _split(_HEADED, text))
        if any(turn.role == "user" for turn in found):
            return found
    if "[|" in text and (found := tuple(Turn(_ROLES[who.lower()], said) for who, said in _split(_BARRED, text))):
        return found
    lines = _split(_LINES, text) if _LINES.match(text) else []
    if len({_OF_LINE.get(who.lower(), "assistant") for who, _ in lines}) > 1:
        return tuple(Turn(_OF_LINE.get(who.lower(), "assistant"), said) for who, said in lines)
    if text.lstrip().startswith(("Human:", "User:", "System:")) and len(_NAMED.findall(text)) >= _LEAST_NAMED:
        _, *parts = _NAMED.split(text)
        pairs = zip(parts[::2], parts[1::2], strict=False)
        return tuple(Turn(_ROLES[who.lower()], said.strip()) for who, said in pairs if said.strip())
    return ()


def _split(marks: "re.Pattern[str]", text: str) -> list[tuple[str, str]]:
    """Who speaks and what is said, between marks; what stands before the first mark is no one's."""
    found = list(marks.finditer(text))
    ends = [*(mark.start() for mark in found[1:]), len(text)]
    pairs = zip(found, ends, strict=False)  # where there is no mark, the end of the text ends nothing
    parts = [(str(mark[mark.lastindex or 1]), text[mark.end() : end].strip()) for mark, end in pairs]
    return [(who, said) for who, said in parts if said]


def _instructions(text: str) -> Iterator[Turn]:
    for asked, answered in _INSTRUCTION.findall(text):
        if system := _SYSTEM.match(asked):
            yield Turn("system", system[1].strip())
            asked = asked[system.end() :]
        yield Turn("user", asked.strip())
        if answered.strip():
            yield Turn("assistant", answered.strip())
