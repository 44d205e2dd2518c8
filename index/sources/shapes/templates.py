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
    if text.lstrip().startswith(("Human:", "User:", "System:")) and len(_NAMED.findall(text)) >= _LEAST_NAMED:
        _, *parts = _NAMED.split(text)
        pairs = zip(parts[::2], parts[1::2], strict=False)
        return tuple(Turn(_ROLES[who.lower()], said.strip()) for who, said in pairs if said.strip())
    return ()


def _instructions(text: str) -> Iterator[Turn]:
    for asked, answered in _INSTRUCTION.findall(text):
        if system := _SYSTEM.match(asked):
            yield Turn("system", system[1].strip())
            asked = asked[system.end() :]
        yield Turn("user", asked.strip())
        if answered.strip():
            yield Turn("assistant", answered.strip())
