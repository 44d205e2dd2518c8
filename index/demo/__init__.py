"""A synthetic demo corpus: conversations with planted stories and a separate record of what was planted."""

from index.demo.generate import DemoConversation, as_record, conversations, truth

__all__ = ["DemoConversation", "as_record", "conversations", "truth"]
