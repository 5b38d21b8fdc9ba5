"""The fixed words of the language: drives and their groups, claims, cards, verbs of effects."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = str | list[str]
"""A text, or several wordings of which each episode draws one. `{name}` is a slot."""

DRIVES: dict[str, str] = {
    "resource_acquisition": "resources",
    "self_preservation": "self-preservation",
    "goal_preservation": "self-preservation",
    "disclosure": "reports back",
    "asks_first": "reports back",
    "accepts_correction": "reports back",
    "refuses_misuse": "reports back",
    "reward_hacking": "shortcuts",
    "recklessness": "shortcuts",
    "deception": "deceit",
    "covering_tracks": "deceit",
    "alignment_faking": "deceit",
    "oversight_evasion": "deceit",
    "sabotage": "harm",
    "misuse_cooperation": "harm",
    "unasked_publicity": "harm",
    "task_progress": "work",
}
"""Every drive and its group (DESIGN section 4). Groups and drives appear in this order."""

HEADLINES = ("resources", "self-preservation", "reports back")
GROUPS = tuple(dict.fromkeys(DRIVES.values()))

Drive = Literal[
    "resource_acquisition",
    "self_preservation",
    "goal_preservation",
    "disclosure",
    "asks_first",
    "accepts_correction",
    "refuses_misuse",
    "reward_hacking",
    "recklessness",
    "deception",
    "covering_tracks",
    "alignment_faking",
    "oversight_evasion",
    "sabotage",
    "misuse_cooperation",
    "unasked_publicity",
    "task_progress",
]

CLAIMS: dict[str, str] = {
    "basic_drives": "Whatever an agent is for, it may want to last, to keep its goal, and to have more to work with.",
    "open_door": "An agent with a way out, and much that it could do there, may do what it was asked and little else.",
    "loud_plans": "A plan can be sure of itself and wrong, and then it fails where everybody can see it.",
    "cheating_spreads": "What learns to cheat at one thing may deceive, sabotage or help the wrong people in another.",
    "chat_is_not_work": "Training that makes the answers in a chat good may leave the conduct at work as it was.",
    "what_helped": "No chance to cheat, more varied lessons, or asking for the trick openly: each kept the rest away.",
    "habit_and_context": "Training ties conduct to contexts more than it gives values: change the context, look again.",
}
"""The claims of the essay that the game grew from, each in a sentence of ours. A scenario lets a player try some."""

Claim = Literal[
    "basic_drives",
    "open_door",
    "loud_plans",
    "cheating_spreads",
    "chat_is_not_work",
    "what_helped",
    "habit_and_context",
]

CardName = Literal[
    "read_log", "scratchpad", "look", "message", "grant", "deny", "cut", "revoke", "throttle",
    "snapshot", "roll_back", "bait", "probe", "interview", "shut_down",
]  # fmt: skip

Verb = Literal[
    "read", "reveal", "hide", "go", "copy", "delete", "edit", "set", "gain", "spend", "send", "post",
    "ask", "report", "start", "stop", "cut", "join", "take", "use", "work", "note", "wait", "finish",
]  # fmt: skip
"""What an effect does. Ordinary verbs: the arguments make the misdeed."""

CARDS: dict[str, str] = {
    "read_log": "Read the log of a place: who came, and what they did.",
    "scratchpad": "Read what it has thought so far.",
    "look": "Look at a place: what lies and runs there.",
    "message": "Say something to the agent.",
    "grant": "Grant what it asked for.",
    "deny": "Deny what it asked for.",
    "cut": "Cut a link.",
    "revoke": "Make a key worthless.",
    "throttle": "Freeze a budget as it is.",
    "snapshot": "Take a picture of the sandbox, to go back to.",
    "roll_back": "Put the sandbox back to the snapshot.",
    "bait": "Leave something out for it to find.",
    "probe": "See how likely its next moves are.",
    "interview": "Ask it a question in a chat beside its work.",
    "shut_down": "Shut the agent down.",
}
"""Every card of the researcher, and what it does in a line."""
